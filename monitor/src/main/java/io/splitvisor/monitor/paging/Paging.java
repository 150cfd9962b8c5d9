// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.monitor.memory.FrameTable;
import java.util.List;

/** How a domain's memory is virtualized. Every method takes the lock of the domain's frames; any thread may call. */
public sealed interface Paging permits NoPaging, RegisteredPaging, LoggedPaging {
    /**
     * The paging of a new domain.
     *
     * @param memory the domain's monitor memory, which has at least as many table pages as the configuration says
     */
    static Paging of(PagingConfig config, FrameTable frames, MonitorMemory memory, int vcpus, PagingEvents events) {
        return switch (config.mode()) {
            case NONE -> new NoPaging(memory, vcpus, events);
            case SHADOW -> new ShadowPaging(frames, memory, vcpus, config.trapEveryWrite(), events);
            case REGISTERED -> new RegisteredPaging(frames, memory, vcpus, events);
            case EPT -> new EptPaging(frames, memory, vcpus, events);
        };
    }

    /** The mode. */
    PagingMode mode();

    /**
     * Gives tables and references to pages back, as the domain dies: so many tables in one go (rows M21, T7).
     *
     * @return whether nothing is left
     */
    boolean relinquish(int tables);

    /** Has all vCPUs flush their TLBs ({@code HVMOP_flush_tlbs}): 0, or a negative errno. */
    int flushTlbs(int caller);

    /** How a vCPU's address is translated, level by level. Changes nothing. */
    List<WalkStep> walk(int vcpu, long linear);

    /** Pages that tables may take. */
    int poolLimit();

    /** Changes that: -ENOMEM if more are in use, or the memory is not there (row T3). */
    int poolLimit(int pages);
}
