// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/** Where pages go for which there is no memory. Calls come one at a time. */
public interface SwapDevice {
    /** Pages that it holds. */
    int slots();

    /** Reads a page. */
    void read(int slot, MemorySegment page);

    /** Writes a page. */
    void write(int slot, MemorySegment page);

    /** A whole disk as swap. */
    static SwapDevice on(BlockDevice disk) {
        int sectors = GuestMemory.PAGE_SIZE / 512;
        return new SwapDevice() {
            @Override
            public int slots() {
                return (int) Math.min(Integer.MAX_VALUE, disk.size() / GuestMemory.PAGE_SIZE);
            }

            @Override
            public void read(int slot, MemorySegment page) {
                disk.read((long) slot * sectors, page);
            }

            @Override
            public void write(int slot, MemorySegment page) {
                disk.write((long) slot * sectors, page);
            }
        };
    }
}
