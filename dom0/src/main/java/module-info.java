// SPDX-License-Identifier: Apache-2.0
/** The privileged domain around the monitor: xenstored, back ends, toolstack, management, command line. */
module io.splitvisor.dom0 {
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires io.splitvisor.monitor;
    requires org.slf4j;
    requires transitive io.splitvisor.hypercall;

    exports io.splitvisor.dom0.xenstored;
}
