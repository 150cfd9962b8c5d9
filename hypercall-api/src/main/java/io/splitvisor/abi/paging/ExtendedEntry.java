// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

/** Bits of an entry of Intel's extended page tables. */
public final class ExtendedEntry {
    public static final long READ = 1;
    public static final long WRITE = 1 << 1;
    public static final long EXECUTE = 1 << 2;

    /** In a leaf, bits 3 to 5: write-back. In other entries these bits are reserved. */
    public static final long WRITE_BACK = 6 << 3;

    public static final long MEMORY_TYPE = 7 << 3;
    public static final long LARGE = 1 << 7;
    public static final long ACCESSED = 1 << 8;

    /** In a leaf. */
    public static final long DIRTY = 1 << 9;

    public static final long RIGHTS = READ | WRITE | EXECUTE;

    private ExtendedEntry() {}

    /** Whether an entry maps something: any right. */
    public static boolean isPresent(long entry) {
        return (entry & RIGHTS) != 0;
    }

    /**
     * Whether an entry makes no sense: writable but not readable; a leaf of a memory type that there is not (2, 3, 7); a
     * reserved bit of a table's entry, or of a large leaf's address, set.
     *
     * @param level 1 to 4
     */
    public static boolean isMisconfigured(long entry, int level) {
        if (!isPresent(entry)) {
            return false;
        }
        if ((entry & (READ | WRITE)) == WRITE) {
            return true;
        }
        boolean large = (entry & LARGE) != 0;
        if (level == 4 && large) {
            return true;
        }
        if (level > 1 && !large) {
            return (entry & MEMORY_TYPE) != 0;
        }
        long type = (entry & MEMORY_TYPE) >>> 3;
        long below = (1L << PageTableEntry.LEVEL_BITS * (level - 1)) - 1;
        return type == 2 || type == 3 || type == 7 || (PageTableEntry.frame(entry) & below) != 0;
    }
}
