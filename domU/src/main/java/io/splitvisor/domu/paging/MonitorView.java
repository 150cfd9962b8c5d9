// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.vcpu.mmu.MonitorTables;
import io.splitvisor.vcpu.mmu.Tlb;
import java.lang.foreign.MemorySegment;

/** The monitor's memory as one vCPU's MMU sees it. The rules are {@link MonitorHeader}'s. */
final class MonitorView implements MonitorTables {
    private final MemorySegment monitor;
    private final MemorySegment control;
    private final MonitorLayout layout;
    private final boolean extended;
    private final int vcpu;
    private long seenGeneration;
    private long seenFlush;
    private long seenInvalidate;

    /**
     * @param monitor the monitor memfd
     * @param control the vCPU's control page
     */
    MonitorView(MemorySegment monitor, MemorySegment control, int vcpu) {
        this.monitor = monitor;
        this.control = control;
        this.layout = MonitorHeader.layout(monitor);
        this.extended = MonitorHeader.mode(monitor) == PagingMode.EPT;
        this.vcpu = vcpu;
    }

    @Override
    public long entry(long at) {
        return MonitorHeader.entryAcquire(monitor, at);
    }

    @Override
    public long root() {
        long root = extended
                ? MonitorHeader.eptPointerAcquire(monitor)
                : MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.ROOT);
        return root & PageTableEntry.FRAME_MASK;
    }

    @Override
    public long owner(long page) {
        long at = ((long) layout.ownerPage() << PageTableEntry.PAGE_SHIFT) + (page - layout.poolPage()) * Integer.BYTES;
        int owner = MonitorHeader.mapEntryAcquire(monitor, at);
        return owner == 0 ? NO_OWNER : owner - 1;
    }

    @Override
    public long settle(Tlb tlb) {
        long generation = MonitorHeader.generationAcquire(monitor);
        long flush = MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.FLUSH);
        long invalidate = MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.INVALIDATE);
        if (generation != seenGeneration || flush != seenFlush || invalidate != seenInvalidate) {
            take(tlb, generation, flush, invalidate);
        }
        return generation + flush + invalidate;
    }

    private void take(Tlb tlb, long generation, long flush, long invalidate) {
        long linear = MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.LINEAR);
        boolean single = generation == seenGeneration
                && flush == seenFlush
                && invalidate == seenInvalidate + 1
                && MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.INVALIDATE) == invalidate;
        if (single) {
            tlb.flushPage(linear);
        } else {
            tlb.flush();
        }
        seenGeneration = generation;
        seenFlush = flush;
        seenInvalidate = invalidate;
        MmuFigures.setRelease(control, MmuFigures.SEEN_GENERATION, generation);
        MmuFigures.setRelease(control, MmuFigures.SEEN_FLUSH, flush);
        MmuFigures.setRelease(control, MmuFigures.SEEN_INVALIDATE, invalidate);
    }
}
