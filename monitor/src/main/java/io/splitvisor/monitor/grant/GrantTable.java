// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * A domain's grant table, version 1: which of its pages it lets others use, and which of them are in use.
 *
 * <p>The entries lie in memory that the guest writes at any time. What counts while a grant is in use is the private copy
 * made when it was first mapped: the frame, and who may use it (row G14). The reading and writing bits in the entry tell
 * the guest that it is in use; they change by compare-and-swap together with what they were checked against, in a bounded
 * number of tries (row G5).
 *
 * <p>Thread-safe by one lock a table: the loops that map a domain's pages are few, and hold it for nanoseconds.
 */
public final class GrantTable {
    /** A guest that rewrites an entry under our hands gets this many chances, as in Xen. */
    private static final int CAS_TRIES = 5;

    /** Most uses of one grant at a time, of either kind; beyond it lies only a guest that grants one page over and over. */
    private static final int USE_LIMIT = 0x7fff;

    /** A grant of a part of a page cannot be mapped, whatever its type (row G2). */
    private static final int MAPPABLE_MASK = GrantFlags.TYPE_MASK | GrantFlags.SUB_PAGE;

    private final GuestMemory memory;
    private final MemorySegment entries;
    private final int count;

    /** Uses of each grant, by reader and by writer (a writer counts once, as a writer). */
    private final short[] readers;

    private final short[] writers;

    /** Where each grant in use points, as an offset in the domain's memory. */
    private final long[] offsets;

    /** Who uses each grant in use. */
    private final short[] users;

    private int inUse;

    private boolean retired;

    /** The table in a domain's grant frames, which are zero: all entries invalid. */
    public GrantTable(GuestMemory memory) {
        DomainLayout layout = memory.layout();
        this.memory = memory;
        this.entries = memory.pages(layout.grantTable(), layout.grantFrames());
        this.count = layout.grantFrames() * GrantEntryV1.PER_PAGE;
        this.readers = new short[count];
        this.writers = new short[count];
        this.offsets = new long[count];
        this.users = new short[count];
    }

    /** The memory that the grants are about. */
    public GuestMemory memory() {
        return memory;
    }

    /** Frames of the table. */
    public int frames() {
        return memory.layout().grantFrames();
    }

    /** Grants in use now. */
    public synchronized int inUse() {
        return inUse;
    }

    /**
     * The domain dies: from now on nothing can be pinned, so that nobody holds an offset in memory that is given back.
     * Idempotent.
     *
     * @return grants still in use; the memory has to stay until they are not
     */
    public synchronized int retire() {
        retired = true;
        return inUse;
    }

    /**
     * Writes an entry on the domain's behalf, before it runs: the grants of the console and xenstore pages.
     *
     * @param frame any frame of the domain, special ones too
     */
    public void grant(int ref, int domid, int frame) {
        long at = entry(ref);
        GrantEntryV1.frame(entries, at, frame);
        GrantEntryV1.domid(entries, at, domid);
        GrantEntryV1.flagsRelease(entries, at, GrantFlags.PERMIT_ACCESS);
    }

    /**
     * Starts to use a grant.
     *
     * @param domid who wants to
     * @param ref any 32 bits
     * @param writable false for reading only
     * @return the offset of the page in the domain's memory, or a negative GNTST status
     */
    public synchronized long pin(int domid, int ref, boolean writable) {
        if (retired) {
            return GrantStatus.BAD_DOMAIN;
        }
        if (ref < 0 || ref >= count) {
            return GrantStatus.BAD_GNTREF;
        }
        if (readers[ref] >= USE_LIMIT || writers[ref] >= USE_LIMIT) {
            return GrantStatus.GENERAL_ERROR;
        }
        boolean unused = readers[ref] == 0 && writers[ref] == 0;
        if (!unused && users[ref] != domid) {
            return GrantStatus.GENERAL_ERROR;
        }
        // A grant already used in this way was checked before; the entry may say what it likes meanwhile.
        if (unused || (writable && writers[ref] == 0)) {
            int status = setInUse(domid, ref, writable);
            if (status != GrantStatus.OKAY) {
                return status;
            }
        }
        if (unused) {
            long offset = memory.pin(Integer.toUnsignedLong(GrantEntryV1.frame(entries, entry(ref))));
            if (offset == GuestMemory.NOT_MEMORY) {
                clearInUse(ref, true, true);
                return GrantStatus.BAD_PAGE;
            }
            offsets[ref] = offset;
            users[ref] = (short) domid;
            inUse++;
        }
        if (writable) {
            writers[ref]++;
        } else {
            readers[ref]++;
        }
        return offsets[ref];
    }

    /** Ends one use that {@link #pin} began. */
    public synchronized void unpin(int ref, boolean writable) {
        short[] uses = writable ? writers : readers;
        if (uses[ref] == 0) {
            throw new IllegalStateException("grant " + ref + " is not in use");
        }
        uses[ref]--;
        boolean noWriter = writers[ref] == 0;
        boolean unused = noWriter && readers[ref] == 0;
        if ((writable && noWriter) || unused) {
            clearInUse(ref, unused, noWriter);
        }
        if (unused) {
            memory.unpin(offsets[ref]);
            inUse--;
        }
    }

    /** Checks the entry and sets its in-use bits in one step ({@code _set_status_v1}). */
    private int setInUse(int domid, int ref, boolean writable) {
        long at = entry(ref);
        int seen = GrantEntryV1.flagsAndDomidAcquire(entries, at);
        for (int i = 0; i < CAS_TRIES; i++) {
            int flags = GrantEntryV1.flagsOf(seen);
            boolean permitted = (flags & MAPPABLE_MASK) == GrantFlags.PERMIT_ACCESS
                    && GrantEntryV1.domidOf(seen) == domid
                    && !(writable && (flags & GrantFlags.READONLY) != 0);
            if (!permitted) {
                return GrantStatus.GENERAL_ERROR;
            }
            int bits = GrantFlags.READING | (writable ? GrantFlags.WRITING : 0);
            int found = GrantEntryV1.exchangeFlagsAndDomidVolatile(entries, at, seen, seen | bits);
            if (found == seen) {
                return GrantStatus.OKAY;
            }
            seen = found;
        }
        return GrantStatus.GENERAL_ERROR;
    }

    private void clearInUse(int ref, boolean reading, boolean writing) {
        int bits = (reading ? GrantFlags.READING : 0) | (writing ? GrantFlags.WRITING : 0);
        GrantEntryV1.clearFlagsVolatile(entries, entry(ref), bits);
    }

    private static long entry(int ref) {
        return GrantEntryV1.entry(0, ref);
    }
}
