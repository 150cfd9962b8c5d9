// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.util.Arrays;

/**
 * Translations of pages larger than 4 KiB, a few of them: when the piece of one is missing in the TLB, no walk is needed.
 * Only pages that lie in one piece in guest RAM are held.
 */
final class LargePages {
    private static final int SIZE = 16;
    /** Never the base of a page. */
    private static final long NONE = 1;

    private final long[] bases = new long[SIZE];
    private final long[] offsets = new long[SIZE];
    private final Paging.Mapping[] mappings = new Paging.Mapping[SIZE];
    private final int[] shifts = new int[SIZE];
    private final int[] banks = new int[SIZE];
    private int next;
    private int count;

    LargePages() {
        Arrays.fill(bases, NONE);
        Arrays.fill(shifts, 12);
        Arrays.setAll(mappings, i -> new Paging.Mapping());
    }

    /**
     * Holds a page.
     *
     * @param shift the size that is in one piece in RAM, at most the mapping's own
     * @param offset where in RAM the 4 KiB that hold {@code linear} lie
     */
    void add(int bank, long linear, Paging.Mapping found, int shift, long offset) {
        long base = linear & -1L << shift;
        int at = find(bank, linear);
        if (at < 0) {
            at = next;
            next = (next + 1) % SIZE;
            count += bases[at] == NONE ? 1 : 0;
        }
        bases[at] = base;
        shifts[at] = shift;
        banks[at] = bank;
        offsets[at] = offset - ((linear & -4096L) - base);
        mappings[at].copy(found);
    }

    /** The index of the page that holds an address, or -1. */
    int find(int bank, long linear) {
        if (count == 0) {
            return -1;
        }
        for (int i = 0; i < SIZE; i++) {
            if (bases[i] == (linear & -1L << shifts[i]) && banks[i] == bank) {
                return i;
            }
        }
        return -1;
    }

    Paging.Mapping mapping(int index) {
        return mappings[index];
    }

    /** Where in RAM the 4 KiB lie that hold an address of a page. */
    long offset(int index, long linear) {
        return offsets[index] + ((linear & -4096L) - bases[index]);
    }

    void flush(boolean globalToo) {
        for (int i = 0; i < SIZE && count > 0; i++) {
            if (globalToo || !mappings[i].global()) {
                drop(i);
            }
        }
    }

    void flushPage(long linear, boolean localToo) {
        for (int i = 0; i < SIZE && count > 0; i++) {
            // By the mapping's own size: what is held may be a part of it.
            boolean same = bases[i] != NONE && ((bases[i] ^ linear) & -1L << mappings[i].shift()) == 0;
            if (same && (localToo || mappings[i].global())) {
                drop(i);
            }
        }
    }

    private void drop(int index) {
        if (bases[index] != NONE) {
            bases[index] = NONE;
            count--;
        }
    }
}
