// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * A walk of tables with 64-bit entries, wherever they lie. Subclasses read entries, and set the accessed and dirty bits if
 * these tables keep them.
 */
abstract class LongWalk implements Paging {
    static final int P = 1;
    static final int RW = 2;
    static final int US = 4;
    static final int A = 0x20;
    static final int D = 0x40;
    static final int PS = 0x80;
    static final int G = 0x100;
    static final long NX = Long.MIN_VALUE;
    static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    /** An entry changed while its bits were being set: the walk has to begin again. */
    static final int AGAIN = -3;

    /** Bits of an address that are reserved. */
    static final long BEYOND_WIDTH = (1L << 52) - (1L << PHYSICAL_BITS);

    private final boolean keepsBits;
    private final long[] entries = new long[4];
    private AccessRules rules = new AccessRules(PagingControls.OFF);
    private long references;
    private long walks;

    /**
     * @param keepsBits whether accessed and dirty bits are to be set; if not, an entry's rights are all that counts
     */
    LongWalk(boolean keepsBits) {
        this.keepsBits = keepsBits;
    }

    /**
     * Reads an entry.
     *
     * @param at its address, as the entry above gave it
     * @param level 1 to 4, by which {@link #mark} will name it
     */
    abstract long read(long at, int level);

    /**
     * Changes the entry read last at a level, if it still has the value seen.
     *
     * @param bits what to set in it
     */
    abstract boolean mark(int level, long seen, int bits);

    /** The address of the page that the last entry of a walk maps. */
    long target(long entry) {
        return entry & ADDRESS;
    }

    @Override
    public void controls(PagingControls controls) {
        rules = new AccessRules(controls);
    }

    @Override
    public PagingControls controls() {
        return rules.controls();
    }

    AccessRules rules() {
        return rules;
    }

    @Override
    public long references() {
        return references;
    }

    @Override
    public long walks() {
        return walks;
    }

    void countReference() {
        references++;
    }

    void countWalk() {
        walks++;
    }

    /**
     * Walks from a top table down.
     *
     * @param top an entry or a register that points to it
     * @return {@link #MAPPED}, {@link #AGAIN} or a page fault's error code
     */
    int walk(long linear, int access, int bank, Mapping out, long top, int topLevel) {
        countWalk();
        long table = top & ADDRESS;
        int rights = RW | US;
        long noExecute = 0;
        int whole = 0;
        for (int level = topLevel; ; level--) {
            long at = table + ((linear >>> (12 + 9 * (level - 1)) & 511) << 3);
            references++;
            long entry = read(at, level);
            if ((entry & P) == 0) {
                return rules.error(access, bank, 0);
            }
            boolean leaf = level == 1 || (level < 4 && (entry & PS) != 0);
            if ((entry & (BEYOND_WIDTH | rules.reserved64(level, leaf))) != 0) {
                return rules.error(access, bank, PRESENT | RESERVED);
            }
            entries[level - 1] = entry;
            rights &= (int) entry;
            noExecute |= entry & NX;
            if (leaf) {
                int granted = rules.granted(rights, noExecute != 0, bank);
                if ((granted & 1 << access) == 0) {
                    return rules.error(access, bank, PRESENT);
                }
                int result = found(linear, access, out, granted, level, topLevel);
                if (whole > 0) {
                    out.pieceOf(12 + 9 * (whole - 1));
                }
                return result;
            }
            if (!keepsBits && (entry & MonitorTables.LARGE_BELOW) != 0) {
                whole = Math.max(whole, level);
            }
            table = entry & ADDRESS;
        }
    }

    private int found(long linear, int access, Mapping out, int granted, int level, int topLevel) {
        long entry = entries[level - 1];
        int usable = granted;
        if (keepsBits) {
            for (int above = topLevel; above > level; above--) {
                if ((entries[above - 1] & A) == 0 && !mark(above, entries[above - 1], A)) {
                    return AGAIN;
                }
            }
            int bits = access == Tlb.WRITE ? A | D : A;
            if ((entry & bits) != bits && !mark(level, entry, bits)) {
                return AGAIN;
            }
            usable = cleanOnly(granted, entry | bits);
        }
        int shift = 12 + 9 * (level - 1);
        long inPage = (1L << shift) - 1;
        boolean global = (entry & G) != 0 && rules.controls().globalPages();
        out.set(((target(entry) & ~inPage) | (linear & inPage)) >>> 12, usable, shift, global);
        return MAPPED;
    }

    /** A page that is not dirty yet keeps trapping stores, so that the dirty bit is set by the first. */
    static int cleanOnly(int granted, long entry) {
        return (entry & D) != 0 ? granted : granted & ~(1 << Tlb.WRITE);
    }
}
