// SPDX-License-Identifier: Apache-2.0
/** The privileged domain around the monitor: xenstored, back ends, toolstack, management, command line. */
module io.splitvisor.dom0 {
    requires com.lmax.disruptor;
    requires info.picocli;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires jdk.jfr;
    requires org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;
    requires transitive io.splitvisor.hypercall;
    requires transitive io.splitvisor.monitor;

    exports io.splitvisor.dom0.block;
    exports io.splitvisor.dom0.cli;
    exports io.splitvisor.dom0.config;
    exports io.splitvisor.dom0.console;
    exports io.splitvisor.dom0.management;
    exports io.splitvisor.dom0.newdriver;
    exports io.splitvisor.dom0.store;
    exports io.splitvisor.dom0.toolstack;
    exports io.splitvisor.dom0.xenstored;

    provides io.splitvisor.dom0.toolstack.Dom0Launcher with
            io.splitvisor.dom0.domain.Launcher;

    uses io.splitvisor.dom0.cli.Benchmark;
    uses io.splitvisor.dom0.toolstack.Dom0Launcher;
    uses io.splitvisor.driver.backend.BackendDriver;
    uses io.splitvisor.driver.backend.ByteDriver;
}
