// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PageTableEntry;
import java.lang.foreign.MemorySegment;

/** The machine's pages behind a guest's frames, as the monitor's maps have them. */
final class Machine {
    private final MemorySegment monitor;
    private final MonitorLayout layout;

    Machine(MemorySegment monitor) {
        this.monitor = monitor;
        this.layout = MonitorHeader.layout(monitor);
    }

    /** The machine page of a frame, or -1 for a hole. */
    long page(long frame) {
        int page = layout.lookup(monitor, layout.p2mPage(), frame);
        return page == MonitorLayout.NOTHING ? -1 : page;
    }

    /** The machine address of a guest-physical one. */
    long address(long physical) {
        long page = page(physical >>> PageTableEntry.PAGE_SHIFT);
        if (page < 0) {
            throw new IllegalArgumentException("guest-physical address " + Long.toHexString(physical) + " is a hole");
        }
        return page << PageTableEntry.PAGE_SHIFT | (physical & (1 << PageTableEntry.PAGE_SHIFT) - 1);
    }

    /** An entry with the machine page of the frame that it names. */
    long toMachine(long entry) {
        if (!PageTableEntry.isPresent(entry)) {
            return entry;
        }
        return (entry & ~PageTableEntry.FRAME_MASK) | address(entry & PageTableEntry.FRAME_MASK);
    }

    /** An entry with the frame of the machine page that it names. */
    long toPhysical(long entry) {
        if (!PageTableEntry.isPresent(entry)) {
            return entry;
        }
        int frame = layout.lookup(monitor, layout.m2pPage(), PageTableEntry.frame(entry));
        if (frame == MonitorLayout.NOTHING) {
            throw new IllegalStateException("machine page " + PageTableEntry.frame(entry) + " has no frame");
        }
        return PageTableEntry.of(frame, entry & ~PageTableEntry.FRAME_MASK);
    }
}
