// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingMode;
import java.util.List;

/** A domain that uses its memory without page tables. */
public final class NoPaging implements Paging {
    private final VcpuFlushes flushes;

    NoPaging(MonitorMemory memory, int vcpus, PagingEvents events) {
        this.flushes = new VcpuFlushes(memory, vcpus, events);
    }

    @Override
    public synchronized int flushTlbs(int caller) {
        flushes.all(caller, -1);
        return 0;
    }

    @Override
    public PagingMode mode() {
        return PagingMode.NONE;
    }

    @Override
    public boolean relinquish(int tables) {
        return true;
    }

    @Override
    public List<WalkStep> walk(int vcpu, long linear) {
        return List.of();
    }

    @Override
    public int poolLimit() {
        return 0;
    }

    @Override
    public int poolLimit(int pages) {
        return -XenErrno.EOPNOTSUPP;
    }
}
