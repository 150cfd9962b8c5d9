// SPDX-License-Identifier: Apache-2.0
/** The privileged domain around the monitor: xenstored, back ends, toolstack, management, command line. */
module io.splitvisor.dom0 {
    requires transitive io.splitvisor.monitor;
    requires org.slf4j;

    exports io.splitvisor.dom0.config;
    exports io.splitvisor.dom0.toolstack;

    uses io.splitvisor.dom0.toolstack.Dom0Launcher;
}
