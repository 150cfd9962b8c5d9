// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.util.Arrays;

/**
 * A translation look-aside buffer: per privilege bank one direct-mapped table of {@value #ENTRIES} entries of four longs,
 * {@code {read tag, write tag, execute tag, addend}}.
 *
 * <p>An access of {@code n} bytes at linear address {@code a} hits if the tag in {@link #slot slot(a)} equals
 * {@code (a + n - 1) & -4096}: one compare covers presence, permission and page crossing. Then {@code a + addend} is the
 * offset in guest RAM. Everything else (miss, fault, device, code page, dirty logging) is a tag that does not match.
 */
public final class Tlb {
    /** Entries in a bank. */
    public static final int ENTRIES = 4096;
    /** Offset of the read tag in an entry. */
    public static final int READ = 0;
    /** Offset of the write tag in an entry. */
    public static final int WRITE = 1;
    /** Offset of the execute tag in an entry. */
    public static final int EXECUTE = 2;
    /** Offset of the addend in an entry. */
    public static final int ADDEND = 3;

    /** Rings 0 to 2. */
    public static final int SUPERVISOR = 0;
    /** Ring 3. */
    public static final int USER = 1;
    /** Rings 0 to 2 with EFLAGS.AC set while SMAP is on: may touch user pages. */
    public static final int SUPERVISOR_AC = 2;
    /** Ring 3 with alignment checks: it has no tags for loads and stores, so that every access is looked at. */
    public static final int USER_ALIGNED = 3;

    private static final int BANKS = 4;
    private static final int STRIDE = 4;
    /** Never equal to a tag, which is page-aligned. */
    private static final long NO_TAG = -1;
    /** Addend of an entry that is not in the list of filled ones. */
    private static final long UNFILLED = 1;

    private final long[][] banks = new long[BANKS][ENTRIES * STRIDE];
    private final int[] filled = new int[BANKS * ENTRIES];
    private int filledCount;
    private boolean holdsLargePages;
    private long epoch;

    /** An empty TLB. */
    public Tlb() {
        for (long[] bank : banks) {
            Arrays.fill(bank, NO_TAG);
            for (int i = ADDEND; i < bank.length; i += STRIDE) {
                bank[i] = UNFILLED;
            }
        }
    }

    /** Index of the entry for a linear address in its bank. */
    public static int slot(long linear) {
        return (int) (linear >>> 10) & ((ENTRIES - 1) * STRIDE);
    }

    /** The table of a bank, for look-ups only. */
    public long[] bank(int bank) {
        return banks[bank];
    }

    /** Grows whenever a translation may have become invalid. */
    public long epoch() {
        return epoch;
    }

    /**
     * Fills an entry.
     *
     * @param rights bits {@code 1 << READ}, {@code 1 << WRITE}, {@code 1 << EXECUTE}
     * @param offset the page's offset in guest RAM
     * @param large whether a page larger than 4 KiB maps it
     */
    void fill(int bank, long linear, int rights, long offset, boolean large) {
        long[] table = banks[bank];
        int slot = slot(linear);
        long tag = linear & -4096L;
        if (table[slot + ADDEND] == UNFILLED) {
            filled[filledCount++] = bank << 16 | slot;
        }
        table[slot + READ] = (rights & 1 << READ) != 0 ? tag : NO_TAG;
        table[slot + WRITE] = (rights & 1 << WRITE) != 0 ? tag : NO_TAG;
        table[slot + EXECUTE] = (rights & 1 << EXECUTE) != 0 ? tag : NO_TAG;
        table[slot + ADDEND] = offset - tag;
        holdsLargePages |= large;
    }

    /** Forgets everything; costs as much as was filled. */
    public void flush() {
        for (int n = 0; n < filledCount; n++) {
            clearTags(banks[filled[n] >>> 16], filled[n] & 0xffff);
            banks[filled[n] >>> 16][(filled[n] & 0xffff) + ADDEND] = UNFILLED;
        }
        filledCount = 0;
        holdsLargePages = false;
        epoch++;
    }

    /** Forgets the page that holds a linear address, of whatever size. */
    public void flushPage(long linear) {
        if (holdsLargePages) {
            flush();
            return;
        }
        int slot = slot(linear);
        for (long[] bank : banks) {
            if (bank[slot + ADDEND] != UNFILLED) {
                clearTags(bank, slot);
            }
        }
        epoch++;
    }

    /** Takes the write tag from every entry that maps a page of guest RAM, so that stores to it are seen. */
    public void watchWrites(long offset) {
        for (int n = 0; n < filledCount; n++) {
            long[] bank = banks[filled[n] >>> 16];
            int slot = filled[n] & 0xffff;
            if (bank[slot + WRITE] + bank[slot + ADDEND] == offset) {
                bank[slot + WRITE] = NO_TAG;
            }
        }
    }

    private static void clearTags(long[] bank, int slot) {
        bank[slot + READ] = NO_TAG;
        bank[slot + WRITE] = NO_TAG;
        bank[slot + EXECUTE] = NO_TAG;
    }
}
