// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.domu.memory.GuestMemory;

/**
 * An entry in a root that leads to the root itself: by it each table of the address space in force can be read as memory, at
 * a place that follows from the address that it maps. Xen calls that a linear page table. It is for reading only, in the
 * kernel's name.
 */
final class SelfMap {
    private static final int SLOT = 510;
    private static final long BASE = -(PageTableEntry.ENTRIES - (long) SLOT) << 39;
    private static final long WITHIN = (1L << 39) - Long.BYTES;
    private static final long FLAGS =
            PageTableEntry.PRESENT | PageTableEntry.ACCESSED | PageTableEntry.DIRTY | PageTableEntry.NO_EXECUTE;

    private SelfMap() {}

    /** Guest-physical address of a root's entry for it. */
    static long rootEntry(int root) {
        return GuestMemory.address(root) + (long) SLOT * Long.BYTES;
    }

    /** What stands there. */
    static long leadTo(int root) {
        return PageTableEntry.of(root, FLAGS);
    }

    /** Where the entry for an address at a level, 1 to 4, can be read. */
    static long entry(long address, int level) {
        long at = address;
        for (int i = 0; i < level; i++) {
            at = BASE | at >>> PageTableEntry.LEVEL_BITS & WITHIN;
        }
        return at;
    }
}
