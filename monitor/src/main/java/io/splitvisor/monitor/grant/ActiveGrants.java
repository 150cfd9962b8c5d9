// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import java.util.Arrays;

/**
 * What the monitor itself knows of the grants in use: how often each is, by whom, and what it was about when its use
 * began. That counts while the use lasts, whatever the guest writes into the entry (row G14). Guarded by the table's lock.
 */
final class ActiveGrants {
    /** Most uses of one grant at a time, of either kind; beyond it lies only a guest that grants one page over and over. */
    static final int USE_LIMIT = 0x7fff;

    private static final long WHOLE = -1;

    /** Uses of each grant, by reader and by writer (a writer counts once, as a writer). */
    private short[] readers = {};

    private short[] writers = {};

    /** Who uses each grant in use. */
    private char[] users = {};

    /** Where its page starts in the memory of the domain that has it. */
    private long[] offsets = {};

    // Version 2 only: the first byte times 2^16, plus the length, or WHOLE; and where a transitive grant leads.
    private long[] parts;
    private GrantTable[] via;
    private int[] viaRefs;

    private int inUse;

    /** Makes room for references below {@code count}; never less than before. */
    void grow(int count) {
        if (count > readers.length) {
            readers = Arrays.copyOf(readers, count);
            writers = Arrays.copyOf(writers, count);
            users = Arrays.copyOf(users, count);
            offsets = Arrays.copyOf(offsets, count);
            if (parts != null) {
                allowParts();
            }
        }
    }

    /** From now on a grant can be of a part of a page, or transitive. */
    void allowParts() {
        int known = parts == null ? 0 : parts.length;
        parts = parts == null ? new long[readers.length] : Arrays.copyOf(parts, readers.length);
        Arrays.fill(parts, known, parts.length, WHOLE);
        via = via == null ? new GrantTable[readers.length] : Arrays.copyOf(via, readers.length);
        viaRefs = viaRefs == null ? new int[readers.length] : Arrays.copyOf(viaRefs, readers.length);
    }

    /** From now on all grants are of whole pages; none in use is anything else. */
    void allowWholePagesOnly() {
        parts = null;
        via = null;
        viaRefs = null;
    }

    /** Grants in use. */
    int inUse() {
        return inUse;
    }

    boolean isUnused(int ref) {
        return readers[ref] == 0 && writers[ref] == 0;
    }

    boolean isWritten(int ref) {
        return writers[ref] != 0;
    }

    /** Whether one more use of this kind could not be counted. */
    boolean isFull(int ref, boolean writable) {
        return (writable ? writers[ref] : readers[ref]) >= USE_LIMIT;
    }

    int user(int ref) {
        return users[ref];
    }

    long offset(int ref) {
        return offsets[ref];
    }

    /** Whether the grant in use is of a part of a page, or transitive: then it cannot be mapped. */
    boolean isPart(int ref) {
        return parts != null && parts[ref] != WHOLE;
    }

    int first(int ref) {
        return isPart(ref) ? (int) (parts[ref] >>> 16) : 0;
    }

    int length(int ref) {
        return isPart(ref) ? (int) (parts[ref] & 0xffff) : GrantTable.PAGE_SIZE;
    }

    /** The table that the transitive grant in use leads to; null if it is not transitive. */
    GrantTable via(int ref) {
        return via == null ? null : via[ref];
    }

    int viaRef(int ref) {
        return viaRefs[ref];
    }

    /** A use begins, the first of its grant: what it is about. */
    void begin(int ref, int domid, long offset) {
        users[ref] = (char) domid;
        offsets[ref] = offset;
        inUse++;
    }

    /** And that it is about a part of the page. */
    void part(int ref, int start, int length) {
        parts[ref] = (long) start << 16 | length;
    }

    /** And that it is about another domain's grant. */
    void via(int ref, GrantTable table, int tableRef) {
        via[ref] = table;
        viaRefs[ref] = tableRef;
    }

    /** Counts one more use. */
    void add(int ref, boolean writable) {
        if (writable) {
            writers[ref]++;
        } else {
            readers[ref]++;
        }
    }

    /** Counts one use less; whether none is left. */
    boolean remove(int ref, boolean writable) {
        short[] uses = writable ? writers : readers;
        if (uses[ref] == 0) {
            throw new IllegalStateException("grant " + ref + " is not in use");
        }
        uses[ref]--;
        return isUnused(ref);
    }

    /** The last use has ended. */
    void end(int ref) {
        inUse--;
        if (parts != null) {
            parts[ref] = WHOLE;
            via[ref] = null;
        }
    }
}
