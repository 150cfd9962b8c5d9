// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * A translation look-aside buffer: per privilege bank one direct-mapped table of {@value #ENTRIES} entries of four longs,
 * {@code {read tag, write tag, execute tag, addend}}.
 *
 * <p>An access of {@code n} bytes at linear address {@code a} hits if the tag in {@link #slot slot(a)} equals
 * {@code (a + n - 1) & -4096}: one compare covers presence, permission and page crossing. Then {@code a + addend} is the
 * offset in guest RAM. Everything else (miss, fault, device, code page, dirty logging) is a tag that does not match.
 *
 * <p>Process-context identifiers choose between sets of banks, {@value #CONTEXTS} of which are kept. A page larger than 4 KiB
 * is filled piece by piece, and {@link LargePages} spares the pieces their walks; to forget it is to forget its pieces.
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

    /** Sets of banks that are kept at a time; the processor that uses no PCIDs has one. */
    public static final int CONTEXTS = 8;

    private final TlbContext[] contexts = new TlbContext[CONTEXTS];
    private final int[] pcids = new int[CONTEXTS];
    private int current;
    private int youngest;
    private long epoch;
    private long fills;
    private long flushes;

    /** An empty TLB. */
    public Tlb() {
        contexts[0] = new TlbContext();
    }

    /** Index of the entry for a linear address in its bank. */
    public static int slot(long linear) {
        return (int) (linear >>> 10) & ((ENTRIES - 1) * TlbContext.STRIDE);
    }

    /** The table of a bank in the present context, for look-ups only. */
    public long[] bank(int bank) {
        return contexts[current].bank(bank);
    }

    /** Grows whenever a translation may have become invalid, or another context is chosen. */
    public long epoch() {
        return epoch;
    }

    /** Entries filled so far: what was not a hit. */
    public long fills() {
        return fills;
    }

    /** Flushes so far, of one page or all. */
    public long flushes() {
        return flushes;
    }

    /**
     * Fills an entry.
     *
     * @param found the mapping: its rights, size, and whether it is global
     * @param rights what of the mapping's rights may be used without asking again
     * @param offset the page's offset in guest RAM
     */
    void fill(int bank, long linear, Paging.Mapping found, int rights, long offset) {
        fills++;
        contexts[current].fill(bank, linear, rights, offset, found.shift(), found.global());
    }

    /** Large pages of the present context. */
    LargePages largePages() {
        return contexts[current].largePages();
    }

    /** Forgets everything, in all contexts; costs as much as was filled. */
    public void flush() {
        for (TlbContext context : contexts) {
            if (context != null) {
                context.flush(true);
            }
        }
        epoch++;
        flushes++;
    }

    /** Forgets the present context, but not its global pages: what loading CR3 does. */
    public void flushLocal() {
        contexts[current].flush(false);
        epoch++;
        flushes++;
    }

    /** Forgets all contexts, but not their global pages. */
    public void flushLocals() {
        for (TlbContext context : contexts) {
            if (context != null) {
                context.flush(false);
            }
        }
        epoch++;
        flushes++;
    }

    /** Forgets the page that holds a linear address, of whatever size: here, and in all contexts if it is global. */
    public void flushPage(long linear) {
        for (TlbContext context : contexts) {
            if (context != null) {
                context.flushPage(linear, context == contexts[current]);
            }
        }
        epoch++;
        flushes++;
    }

    /** Forgets what was filled under a PCID, but not its global pages. */
    public void flushContext(int pcid) {
        for (int i = 0; i < CONTEXTS; i++) {
            if (contexts[i] != null && pcids[i] == pcid) {
                contexts[i].flush(false);
            }
        }
        epoch++;
    }

    /**
     * Goes on under a PCID. Whoever holds a {@link #bank} asks for it again.
     *
     * @param keep whether what was filled under it earlier still holds
     */
    void select(int pcid, boolean keep) {
        int found = find(pcid);
        if (found < 0) {
            found = youngest = (youngest + 1) % CONTEXTS;
            if (contexts[found] == null) {
                contexts[found] = new TlbContext();
            }
            contexts[found].flush(true);
            pcids[found] = pcid;
        } else if (!keep) {
            contexts[found].flush(false);
        }
        current = found;
        epoch++;
    }

    private int find(int pcid) {
        for (int i = 0; i < CONTEXTS; i++) {
            if (contexts[i] != null && pcids[i] == pcid) {
                return i;
            }
        }
        return -1;
    }

    /** Takes the write tag from every entry that maps a page of guest RAM, so that stores to it are seen. */
    public void watchWrites(long offset) {
        for (TlbContext context : contexts) {
            if (context != null) {
                context.watchWrites(offset);
            }
        }
    }
}
