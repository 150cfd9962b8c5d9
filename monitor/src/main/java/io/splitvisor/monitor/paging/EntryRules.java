// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;

/** What an entry of a registered table may say, whatever it leads to: Xen's {@code L*_DISALLOW_MASK}. */
final class EntryRules {
    /** Slots of an L4 that are Xen's: {@code ROOT_PAGETABLE_FIRST_XEN_SLOT} to {@code ROOT_PAGETABLE_LAST_XEN_SLOT}. */
    private static final int FIRST_XEN_SLOT = 256;

    private static final int LAST_XEN_SLOT = 271;

    private static final long ALLOWED = PageTableEntry.PRESENT
            | PageTableEntry.WRITABLE
            | PageTableEntry.USER
            | PageTableEntry.ACCESSED
            | PageTableEntry.DIRTY
            | PageTableEntry.AVAILABLE
            | PageTableEntry.NO_EXECUTE
            | PageTableEntry.FRAME_MASK;

    /** Bit 62 marks the entries of grants ({@code _PAGE_GNTTAB}). */
    private static final long GRANT = 1L << 62;

    /** Bits that may change in an entry that is valid, and leave it valid. */
    private static final long HARMLESS = PageTableEntry.ACCESSED
            | PageTableEntry.DIRTY
            | PageTableEntry.USER
            | PageTableEntry.GLOBAL
            | PageTableEntry.NO_EXECUTE
            | PageTableEntry.AVAILABLE;

    private EntryRules() {}

    /** 0, or -EINVAL for bits that are reserved or not the guest's to set (rows M1, M9). */
    static int checkFlags(long entry, int level) {
        long allowed = level == 1 ? (ALLOWED | PageTableEntry.GLOBAL) & ~GRANT : ALLOWED;
        return (entry & ~allowed) == 0 ? 0 : -XenErrno.EINVAL;
    }

    /** Whether the entry at an index is not the guest's (row M6). */
    static boolean isReserved(int level, int index) {
        return level == 4 && index >= FIRST_XEN_SLOT && index <= LAST_XEN_SLOT;
    }

    /** Whether an entry may become another without a look at what it leads to (row M7). */
    static boolean isHarmless(long before, long after) {
        return PageTableEntry.isPresent(before) && ((before ^ after) & ~HARMLESS) == 0;
    }

    /** Whether both are present, and lead to the same page: what the first holds of it, the second needs no other of. */
    static boolean staysAtPage(long before, long after) {
        return PageTableEntry.isPresent(before & after) && PageTableEntry.frame(before) == PageTableEntry.frame(after);
    }
}
