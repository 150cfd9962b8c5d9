// SPDX-License-Identifier: Apache-2.0
/** What a guest is made of: attaching, front ends, and the interface that a JVM guest implements. */
module io.splitvisor.domu {
    requires transitive io.splitvisor.hypercall;
    requires transitive io.splitvisor.vcpu;

    exports io.splitvisor.domu;
    exports io.splitvisor.domu.block;
    exports io.splitvisor.domu.frontend;
    exports io.splitvisor.domu.console;
    exports io.splitvisor.domu.event;
    exports io.splitvisor.domu.grant;
    exports io.splitvisor.domu.memory;
    exports io.splitvisor.domu.paging;
    exports io.splitvisor.domu.time;
    exports io.splitvisor.domu.training;
}
