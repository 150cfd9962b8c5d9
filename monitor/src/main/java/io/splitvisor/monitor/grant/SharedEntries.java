// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import java.lang.foreign.MemorySegment;

/**
 * The entries of a grant table in the memory that the guest shares, in one of the two forms. Flags and domid of an entry
 * are read together; whatever else an entry says is read once, by who needs it. Guarded by the table's lock on our side;
 * the guest writes whenever it likes.
 */
sealed interface SharedEntries {
    /** Bits of the type, and the one that says that a grant is of a part of a page only. */
    int WHOLE_PAGE_MASK = GrantFlags.TYPE_MASK | GrantFlags.SUB_PAGE;

    /** The version, 1 or 2. */
    int version();

    /** Entries in a frame of the table. */
    int perPage();

    /** Flags and domid, as {@link GrantEntryV1#flagsAndDomid} packs them. */
    int header(int ref);

    /**
     * Checks an entry and tells the guest that it is in use, so that the guest cannot have ended the grant in between
     * ({@code _set_status}).
     *
     * @param domid who wants to use it
     * @param writable for writing, too
     * @param unused nobody uses it yet: then type and domid have to be right; else they were before
     * @param whole the page as a whole, to be mapped
     * @return flags and domid as they were checked, 0 or more; or a negative status
     */
    long setInUse(int domid, int ref, boolean writable, boolean unused, boolean whole);

    /** Tells the guest that some use has ended. */
    void clearInUse(int ref, int flags);

    /** The granted frame, any 64 bits. */
    long frame(int ref);

    /** First byte granted, for a part of a page; any 16 bits. */
    int partOffset(int ref);

    /** Bytes granted, for a part of a page; any 16 bits. */
    int partLength(int ref);

    /** Whose grant is passed on, for a transitive grant. */
    int transitiveDomid(int ref);

    /** Which reference of that domain. */
    int transitiveRef(int ref);

    /** Swaps the contents of two entries that nobody uses. */
    void swap(int a, int b);

    /** Whether flags and domid allow what is asked for. */
    private static boolean permits(
            int header, int domid, boolean writable, boolean unused, int mask, boolean transitive) {
        int flags = GrantEntryV1.flagsOf(header);
        int type = flags & mask;
        boolean right = type == GrantFlags.PERMIT_ACCESS || (transitive && type == GrantFlags.TRANSITIVE);
        boolean known = !unused || (right && GrantEntryV1.domidOf(header) == domid);
        return known && !(writable && (flags & GrantFlags.READONLY) != 0);
    }

    private static int bits(boolean writable) {
        return GrantFlags.READING | (writable ? GrantFlags.WRITING : 0);
    }

    /** Version 1: the bits that tell of use stand in the entry itself. */
    record V1(MemorySegment entries) implements SharedEntries {
        /** A guest that rewrites an entry under our hands gets this many chances, as in Xen (row G5). */
        private static final int CAS_TRIES = 5;

        private static long at(int ref) {
            return GrantEntryV1.entry(0, ref);
        }

        @Override
        public int version() {
            return 1;
        }

        @Override
        public int perPage() {
            return GrantEntryV1.PER_PAGE;
        }

        @Override
        public int header(int ref) {
            return GrantEntryV1.flagsAndDomidAcquire(entries, at(ref));
        }

        @Override
        public long setInUse(int domid, int ref, boolean writable, boolean unused, boolean whole) {
            int mask = whole ? WHOLE_PAGE_MASK : GrantFlags.TYPE_MASK;
            int seen = header(ref);
            for (int i = 0; i < CAS_TRIES; i++) {
                if (!permits(seen, domid, writable, unused, mask, false)) {
                    return GrantStatus.GENERAL_ERROR;
                }
                int found = GrantEntryV1.exchangeFlagsAndDomidVolatile(entries, at(ref), seen, seen | bits(writable));
                if (found == seen) {
                    return Integer.toUnsignedLong(seen);
                }
                seen = found;
            }
            return GrantStatus.GENERAL_ERROR;
        }

        @Override
        public void clearInUse(int ref, int flags) {
            GrantEntryV1.clearFlagsVolatile(entries, at(ref), flags);
        }

        @Override
        public long frame(int ref) {
            return Integer.toUnsignedLong(GrantEntryV1.frame(entries, at(ref)));
        }

        @Override
        public int partOffset(int ref) {
            throw new IllegalStateException("no parts of pages in version 1");
        }

        @Override
        public int partLength(int ref) {
            throw new IllegalStateException("no parts of pages in version 1");
        }

        @Override
        public int transitiveDomid(int ref) {
            throw new IllegalStateException("no transitive grants in version 1");
        }

        @Override
        public int transitiveRef(int ref) {
            throw new IllegalStateException("no transitive grants in version 1");
        }

        @Override
        public void swap(int a, int b) {
            exchange(entries, at(a), at(b), GrantEntryV1.SIZE);
        }
    }

    /** Version 2: the bits that tell of use stand in status words apart, and no compare-and-exchange is needed. */
    record V2(MemorySegment entries, MemorySegment statuses) implements SharedEntries {
        private static long at(int ref) {
            return GrantEntryV2.entry(0, ref);
        }

        private static long statusAt(int ref) {
            return GrantEntryV2.statusEntry(0, ref);
        }

        @Override
        public int version() {
            return 2;
        }

        @Override
        public int perPage() {
            return GrantEntryV2.PER_PAGE;
        }

        @Override
        public int header(int ref) {
            return GrantEntryV2.hdrAcquire(entries, at(ref));
        }

        @Override
        public long setInUse(int domid, int ref, boolean writable, boolean unused, boolean whole) {
            int mask = whole ? WHOLE_PAGE_MASK : GrantFlags.TYPE_MASK;
            if (!permits(header(ref), domid, writable, unused, mask, !whole)) {
                return GrantStatus.GENERAL_ERROR;
            }
            status(ref, status(ref) | bits(writable));
            // Whoever ends a grant clears the flags and then looks at the status: one of us sees the other.
            int seen = header(ref);
            if (permits(seen, domid, writable, unused, mask, !whole)) {
                return Integer.toUnsignedLong(seen);
            }
            clearInUse(ref, unused ? GrantFlags.READING | GrantFlags.WRITING : GrantFlags.WRITING);
            return GrantStatus.GENERAL_ERROR;
        }

        private int status(int ref) {
            return GrantEntryV2.statusAcquire(statuses, statusAt(ref));
        }

        private void status(int ref, int value) {
            GrantEntryV2.statusVolatile(statuses, statusAt(ref), value);
        }

        @Override
        public void clearInUse(int ref, int flags) {
            status(ref, status(ref) & ~flags);
        }

        @Override
        public long frame(int ref) {
            // At the same place in both forms that have a frame.
            return GrantEntryV2.fullPageFrame(entries, at(ref));
        }

        @Override
        public int partOffset(int ref) {
            return GrantEntryV2.subPagePageOff(entries, at(ref));
        }

        @Override
        public int partLength(int ref) {
            return GrantEntryV2.subPageLength(entries, at(ref));
        }

        @Override
        public int transitiveDomid(int ref) {
            return GrantEntryV2.transitiveTransDomid(entries, at(ref));
        }

        @Override
        public int transitiveRef(int ref) {
            return GrantEntryV2.transitiveGref(entries, at(ref));
        }

        @Override
        public void swap(int a, int b) {
            exchange(entries, at(a), at(b), GrantEntryV2.SIZE);
            int before = status(a);
            status(a, status(b));
            status(b, before);
        }
    }

    private static void exchange(MemorySegment memory, long a, long b, int bytes) {
        byte[] before = new byte[bytes];
        MemorySegment kept = MemorySegment.ofArray(before);
        MemorySegment.copy(memory, a, kept, 0, bytes);
        MemorySegment.copy(memory, b, memory, a, bytes);
        MemorySegment.copy(kept, 0, memory, b, bytes);
    }
}
