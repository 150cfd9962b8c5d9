// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import io.splitvisor.domu.paging.SwapDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Swap that is memory. */
record MemorySwap(int slots, MemorySegment memory) implements SwapDevice {
    private static final int PAGE = 4096;

    MemorySwap(int slots) {
        this(slots, Arena.ofAuto().allocate((long) slots * PAGE, PAGE));
    }

    @Override
    public void read(int slot, MemorySegment page) {
        MemorySegment.copy(memory, (long) slot * PAGE, page, 0, PAGE);
    }

    @Override
    public void write(int slot, MemorySegment page) {
        MemorySegment.copy(page, 0, memory, (long) slot * PAGE, PAGE);
    }
}
