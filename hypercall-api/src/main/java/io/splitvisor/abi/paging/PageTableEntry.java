// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

/** Bits of an entry of x86-64's page tables. */
public final class PageTableEntry {
    public static final long PRESENT = 1;
    public static final long WRITABLE = 1 << 1;
    public static final long USER = 1 << 2;
    public static final long WRITE_THROUGH = 1 << 3;
    public static final long CACHE_DISABLE = 1 << 4;
    public static final long ACCESSED = 1 << 5;
    public static final long DIRTY = 1 << 6;

    /** In an entry of level 2 or 3: it maps a large page. */
    public static final long LARGE = 1 << 7;

    /** In an entry of level 1: the memory type's third bit. */
    public static final long PAT = 1 << 7;

    public static final long GLOBAL = 1 << 8;

    /** Bits 9 to 11 are the guest's, as are 52 to 58; 59 to 62 too where there are no protection keys. */
    public static final long AVAILABLE = 0x7ff0_0000_0000_0e00L;

    /**
     * In an entry of a shadow that leads to another: all below it is one large page of the guest's, split into small ones. An
     * MMU that invalidates one of them invalidates all.
     */
    public static final long LARGE_BELOW = 1 << 9;

    /**
     * In an entry of a registered table's copy: it leads to another copy, a page of the monitor's memory, at whatever level a
     * walk meets it. At the end of a walk, which comes about by a linear mapping, it maps the page of which that is the copy.
     * No registered entry may have this bit (write-through) of the guest's.
     */
    public static final long LEADS_TO_COPY = WRITE_THROUGH;

    public static final long NO_EXECUTE = 1L << 63;

    /** Bits 12 to 51. */
    public static final long FRAME_MASK = 0x000f_ffff_ffff_f000L;

    /** Entries of a table. */
    public static final int ENTRIES = 512;

    public static final int PAGE_SHIFT = 12;

    /** Bits of a linear address that a level translates. */
    public static final int LEVEL_BITS = 9;

    private PageTableEntry() {}

    /** The frame that an entry names: 40 bits. */
    public static long frame(long entry) {
        return (entry & FRAME_MASK) >>> PAGE_SHIFT;
    }

    public static boolean isPresent(long entry) {
        return (entry & PRESENT) != 0;
    }

    /** An entry for a frame. */
    public static long of(long frame, long flags) {
        return frame << PAGE_SHIFT | flags;
    }

    /** Index of an address in a table of a level, 1 to 4. */
    public static int index(long linear, int level) {
        return (int) (linear >>> PAGE_SHIFT + LEVEL_BITS * (level - 1)) & ENTRIES - 1;
    }

    /** Whether bits 48 to 63 of an address repeat bit 47. */
    public static boolean isCanonical(long linear) {
        return linear << 16 >> 16 == linear;
    }
}
