// SPDX-License-Identifier: Apache-2.0
/** Xen's public ABI as Java sees it: flyweights, constants, errors, hypercalls, the xenstore protocol, xenbus. */
module io.splitvisor.hypercall {
    requires transitive io.splitvisor.ring;

    exports io.splitvisor.attach;
    exports io.splitvisor.backend;
    exports io.splitvisor.frontend;
    exports io.splitvisor.driver;
    exports io.splitvisor.driver.backend;
    exports io.splitvisor.driver.frontend;
    exports io.splitvisor.driver.derived;
    exports io.splitvisor.hypercall;
    exports io.splitvisor.abi;
    exports io.splitvisor.abi.evtchn;
    exports io.splitvisor.abi.grant;
    exports io.splitvisor.abi.io;
    exports io.splitvisor.abi.paging;
    exports io.splitvisor.xenbus;
    exports io.splitvisor.xenstore;

    uses io.splitvisor.driver.frontend.FrontendDriver;
}
