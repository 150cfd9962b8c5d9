// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;

/** The entries of this domain's grant table, in one of the two forms. Any thread; an entry belongs to who reserved it. */
sealed interface GrantEntries {
    /** Either of these tells that the other domain uses the page. */
    int IN_USE = GrantFlags.READING | GrantFlags.WRITING;

    /** Entries in a frame of the table. */
    int perPage();

    /** Grants a whole page. */
    void grant(int ref, int domid, int frame, boolean readOnly);

    /** Whether the other domain uses the page. */
    boolean inUse(int ref);

    /**
     * Takes the permission back.
     *
     * @return false, changing nothing, if the page is in use
     */
    boolean revoke(int ref);

    private static int flags(boolean readOnly) {
        return GrantFlags.PERMIT_ACCESS | (readOnly ? GrantFlags.READONLY : 0);
    }

    /** Version 1. */
    record V1(MemorySegment memory, long table) implements GrantEntries {
        private long at(int ref) {
            return GrantEntryV1.entry(table, ref);
        }

        @Override
        public int perPage() {
            return GrantEntryV1.PER_PAGE;
        }

        @Override
        public void grant(int ref, int domid, int frame, boolean readOnly) {
            long entry = at(ref);
            GrantEntryV1.domid(memory, entry, domid);
            GrantEntryV1.frame(memory, entry, frame);
            // Release: who sees the flags sees whom and what they concern.
            GrantEntryV1.flagsRelease(memory, entry, flags(readOnly));
        }

        @Override
        public boolean inUse(int ref) {
            return (GrantEntryV1.flagsAcquire(memory, at(ref)) & IN_USE) != 0;
        }

        @Override
        public boolean revoke(int ref) {
            long entry = at(ref);
            int word = GrantEntryV1.flagsAndDomidAcquire(memory, entry);
            while (true) {
                if ((GrantEntryV1.flagsOf(word) & IN_USE) != 0) {
                    return false;
                }
                // Flags and domid together, as the monitor changes them: it cannot take the grant in between.
                int found = GrantEntryV1.exchangeFlagsAndDomidVolatile(memory, entry, word, 0);
                if (found == word) {
                    return true;
                }
                word = found;
            }
        }
    }

    /** Version 2. */
    record V2(MemorySegment memory, long table, long statuses) implements GrantEntries {
        /** In the frames of a domain's layout. */
        static V2 of(MemorySegment memory, DomainLayout layout) {
            return new V2(memory, DomainLayout.bytes(layout.grantTable()), DomainLayout.bytes(layout.grantStatus()));
        }

        private long at(int ref) {
            return GrantEntryV2.entry(table, ref);
        }

        @Override
        public int perPage() {
            return GrantEntryV2.PER_PAGE;
        }

        @Override
        public void grant(int ref, int domid, int frame, boolean readOnly) {
            long entry = at(ref);
            GrantEntryV2.fullPageFrame(memory, entry, frame);
            GrantEntryV2.hdrRelease(memory, entry, GrantEntryV1.flagsAndDomid(flags(readOnly), domid));
        }

        void grantPart(int ref, int domid, int frame, int offset, int length, boolean readOnly) {
            long entry = at(ref);
            GrantEntryV2.subPageFrame(memory, entry, frame);
            GrantEntryV2.subPagePageOff(memory, entry, offset);
            GrantEntryV2.subPageLength(memory, entry, length);
            int flags = flags(readOnly) | GrantFlags.SUB_PAGE;
            GrantEntryV2.hdrRelease(memory, entry, GrantEntryV1.flagsAndDomid(flags, domid));
        }

        void grantVia(int ref, int domid, int granterDomid, int granterRef, boolean readOnly) {
            long entry = at(ref);
            GrantEntryV2.transitiveTransDomid(memory, entry, granterDomid);
            GrantEntryV2.transitiveGref(memory, entry, granterRef);
            int flags = GrantFlags.TRANSITIVE | (readOnly ? GrantFlags.READONLY : 0);
            GrantEntryV2.hdrRelease(memory, entry, GrantEntryV1.flagsAndDomid(flags, domid));
        }

        @Override
        public boolean inUse(int ref) {
            return (GrantEntryV2.statusAcquire(memory, GrantEntryV2.statusEntry(statuses, ref)) & IN_USE) != 0;
        }

        @Override
        public boolean revoke(int ref) {
            if (inUse(ref)) {
                return false;
            }
            long entry = at(ref);
            int before = GrantEntryV2.hdrAcquire(memory, entry);
            GrantEntryV2.hdrVolatile(memory, entry, 0);
            // The monitor writes the status and then looks at the flags again: one of us sees the other.
            if (!inUse(ref)) {
                return true;
            }
            GrantEntryV2.hdrRelease(memory, entry, before);
            return false;
        }
    }
}
