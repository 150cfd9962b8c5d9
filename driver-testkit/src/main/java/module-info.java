// SPDX-License-Identifier: Apache-2.0
/** Drivers tested without a hypervisor: a machine in this process, single-stepped, with mock peers, faults and a conformance kit. */
module io.splitvisor.driver.testkit {
    requires transitive io.splitvisor.dom0;
    requires transitive io.splitvisor.domu;
    requires transitive io.splitvisor.monitor;
    requires transitive org.junit.jupiter.api;

    exports io.splitvisor.driver.testkit;
}
