// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Machine;

/** The host as the monitor hears of it. */
final class HostMachine implements Machine {
    private static final long KIB_PER_PAGE = DomainLayout.PAGE_SIZE / 1024;

    private final HypervisorLog log;
    private final long khz = Dom0Info.cpuKhz();

    HostMachine(HypervisorLog log) {
        this.log = log;
    }

    @Override
    public int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public long khz() {
        return khz;
    }

    @Override
    public long totalPages() {
        return Dom0Info.meminfo("MemTotal:") / KIB_PER_PAGE;
    }

    @Override
    public long freePages() {
        return Dom0Info.meminfo("MemAvailable:") / KIB_PER_PAGE;
    }

    @Override
    public LogText readLog(int from, int most, boolean clear) {
        return log.readBytes(from, most, clear);
    }
}
