// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.util.Arrays;

/**
 * What a TLB holds under one process-context identifier: the banks, and beside them what no look-up needs: which entries
 * are filled, from pages of what size, and which are global.
 */
final class TlbContext {
    static final int STRIDE = 4;

    private static final int BANKS = 3;
    /** Never equal to a tag, which is page-aligned. */
    private static final long NO_TAG = -1;
    /** Addend of an entry that is not in the list of filled ones. */
    private static final long UNFILLED = 1;
    /** In an entry's kind, above the size's shift. */
    private static final int GLOBAL = 0x80;

    private static final int SMALL = 12;

    private final long[][] banks = new long[BANKS][Tlb.ENTRIES * STRIDE];
    private final byte[][] kinds = new byte[BANKS][Tlb.ENTRIES];
    private final int[] filled = new int[BANKS * Tlb.ENTRIES];
    private final LargePages largePages = new LargePages();
    private int filledCount;
    /** A bit for the shift of each size above 4 KiB from which something was filled. */
    private int largeSizes;

    private boolean holdsGlobal;

    TlbContext() {
        for (long[] bank : banks) {
            Arrays.fill(bank, NO_TAG);
            for (int i = Tlb.ADDEND; i < bank.length; i += STRIDE) {
                bank[i] = UNFILLED;
            }
        }
    }

    long[] bank(int bank) {
        return banks[bank];
    }

    LargePages largePages() {
        return largePages;
    }

    void fill(int bank, long linear, int rights, long offset, int shift, boolean global) {
        long[] table = banks[bank];
        int slot = Tlb.slot(linear);
        long tag = linear & -4096L;
        if (table[slot + Tlb.ADDEND] == UNFILLED) {
            filled[filledCount++] = bank << 16 | slot;
        }
        table[slot + Tlb.READ] = (rights & 1 << Tlb.READ) != 0 ? tag : NO_TAG;
        table[slot + Tlb.WRITE] = (rights & 1 << Tlb.WRITE) != 0 ? tag : NO_TAG;
        table[slot + Tlb.EXECUTE] = (rights & 1 << Tlb.EXECUTE) != 0 ? tag : NO_TAG;
        table[slot + Tlb.ADDEND] = offset - tag;
        kinds[bank][slot / STRIDE] = (byte) (global ? shift | GLOBAL : shift);
        holdsGlobal |= global;
        if (shift > SMALL) {
            largeSizes |= 1 << shift;
        }
    }

    /** Forgets everything, or everything but global pages. */
    void flush(boolean globalToo) {
        if (globalToo || !holdsGlobal) {
            for (int n = 0; n < filledCount; n++) {
                empty(filled[n]);
            }
            filledCount = 0;
            largeSizes = 0;
            holdsGlobal = false;
            largePages.flush(true);
            return;
        }
        int kept = 0;
        for (int n = 0; n < filledCount; n++) {
            if ((kinds[filled[n] >>> 16][(filled[n] & 0xffff) / STRIDE] & GLOBAL) != 0) {
                filled[kept++] = filled[n];
            } else {
                empty(filled[n]);
            }
        }
        filledCount = kept;
        largePages.flush(false);
    }

    private void empty(int at) {
        long[] bank = banks[at >>> 16];
        clearTags(bank, at & 0xffff);
        bank[(at & 0xffff) + Tlb.ADDEND] = UNFILLED;
    }

    /** Forgets the page that holds an address, of whatever size; of somebody else's context only a global one. */
    void flushPage(long linear, boolean localToo) {
        for (int bank = 0; bank < BANKS; bank++) {
            int slot = Tlb.slot(linear);
            if (banks[bank][slot + Tlb.ADDEND] != UNFILLED && (localToo || isGlobal(bank, slot))) {
                clearTags(banks[bank], slot);
            }
        }
        for (int sizes = largeSizes; sizes != 0; sizes &= sizes - 1) {
            flushPieces(linear, Integer.numberOfTrailingZeros(sizes), localToo);
        }
        if (largeSizes != 0) {
            largePages.flushPage(linear, localToo);
        }
    }

    /** Forgets the pieces of the large page that holds an address. They are neighbours, unless there are more than entries. */
    private void flushPieces(long linear, int shift, boolean localToo) {
        long first = linear & -1L << shift;
        int pieces = (int) Math.min(1L << (shift - SMALL), Tlb.ENTRIES);
        for (int bank = 0; bank < BANKS; bank++) {
            for (int n = 0; n < pieces; n++) {
                int slot = Tlb.slot(first + ((long) n << SMALL));
                int kind = kinds[bank][slot / STRIDE];
                boolean piece = (kind & ~GLOBAL & 0xff) == shift && (localToo || (kind & GLOBAL) != 0);
                if (piece && isWithin(banks[bank], slot, first, shift)) {
                    clearTags(banks[bank], slot);
                }
            }
        }
    }

    private static boolean isWithin(long[] bank, int slot, long first, int shift) {
        for (int tag = Tlb.READ; tag <= Tlb.EXECUTE; tag++) {
            if (bank[slot + tag] != NO_TAG) {
                return (bank[slot + tag] & -1L << shift) == first;
            }
        }
        return false;
    }

    private boolean isGlobal(int bank, int slot) {
        return (kinds[bank][slot / STRIDE] & GLOBAL) != 0;
    }

    void watchWrites(long offset) {
        for (int n = 0; n < filledCount; n++) {
            long[] bank = banks[filled[n] >>> 16];
            int slot = filled[n] & 0xffff;
            if (bank[slot + Tlb.WRITE] + bank[slot + Tlb.ADDEND] == offset) {
                bank[slot + Tlb.WRITE] = NO_TAG;
            }
        }
    }

    private static void clearTags(long[] bank, int slot) {
        bank[slot + Tlb.READ] = NO_TAG;
        bank[slot + Tlb.WRITE] = NO_TAG;
        bank[slot + Tlb.EXECUTE] = NO_TAG;
    }
}
