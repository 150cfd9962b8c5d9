// SPDX-License-Identifier: Apache-2.0
/** The hypervisor proper: domains, frames, hypercalls, event channels, grants. No I/O and no threads of its own. */
module io.splitvisor.monitor {
    requires transitive io.splitvisor.hypercall;
    requires jdk.jfr;

    exports io.splitvisor.monitor;
    exports io.splitvisor.monitor.evtchn;
    exports io.splitvisor.monitor.grant;
    exports io.splitvisor.monitor.hypercall;
    exports io.splitvisor.monitor.memory;
    exports io.splitvisor.monitor.paging;
    exports io.splitvisor.monitor.time;
    exports io.splitvisor.monitor.trace;
}
