// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static io.splitvisor.abi.grant.GrantTable.NR_RESERVED_ENTRIES;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * A domain's grant table: which of its pages it lets others use, which of them are in use, and which pages of others it
 * uses itself.
 *
 * <p>The entries lie in memory that the guest writes at any time. What counts while a grant is in use is the private copy
 * made when its use began ({@link ActiveGrants}). The table starts with a few frames and grows when the guest asks, up to
 * the most that its layout has room for; all of it lies in the domain's memory from the start, and is never given back
 * before the domain is (row G16).
 *
 * <p>Thread-safe by one lock a table: the loops that use a domain's pages are few, and hold it for nanoseconds. Nobody
 * holds the locks of two tables at a time, so that grants that lead from one to the other and back cannot stop anybody
 * (row G20).
 */
public final class GrantTable {
    static final int PAGE_SIZE = DomainLayout.PAGE_SIZE;

    private final GuestMemory memory;
    private final MemorySegment entryPages;
    private final MemorySegment statusPages;
    private final Maptrack maptrack = new Maptrack();
    private final ActiveGrants active = new ActiveGrants();
    private SharedEntries shared;
    private int frames;

    /** Uses of parts of pages, and transitive uses, under way: there is no way back to version 1 meanwhile. */
    private int versionTwoUses;

    /** Uses by copies, which end by themselves in no time. */
    private int copies;

    private boolean retired;

    /** The table in a domain's grant frames, which are zero: version 1, all entries invalid. */
    public GrantTable(GuestMemory memory) {
        DomainLayout layout = memory.layout();
        this.memory = memory;
        this.entryPages = memory.pages(layout.grantTable(), layout.grantFrames());
        this.statusPages = memory.pages(layout.grantStatus(), layout.grantStatusFrames());
        this.shared = new SharedEntries.V1(entryPages);
        this.frames = layout.initialGrantFrames();
        active.grow(frames * GrantEntryV1.PER_PAGE);
    }

    /** The memory that the grants are about. */
    public GuestMemory memory() {
        return memory;
    }

    /** The pages that the domain has mapped by hypercall. */
    public Maptrack maptrack() {
        return maptrack;
    }

    /** Frames that the table has. */
    public synchronized int frames() {
        return frames;
    }

    /** Most frames that it can have. */
    public int maxFrames() {
        return memory.layout().grantFrames();
    }

    /** Status frames that it has: none in version 1. */
    public synchronized int statusFrames() {
        return shared.version() == 1 ? 0 : GrantEntryV2.statusFrames(frames);
    }

    /** The version: 1 or 2. */
    public synchronized int version() {
        return shared.version();
    }

    /** Grants in use now. */
    public synchronized int inUse() {
        return active.inUse();
    }

    /**
     * Makes the table so large at least.
     *
     * @return false if it cannot be
     */
    public synchronized boolean grow(int wanted) {
        if (wanted < 0 || wanted > maxFrames()) {
            return false;
        }
        if (wanted > frames) {
            frames = wanted;
            active.grow(frames * GrantEntryV1.PER_PAGE);
        }
        return true;
    }

    /**
     * The page of a frame of the table, for a guest that wants to have it elsewhere ({@code XENMAPSPACE_grant_table}). The table
     * grows if it has to.
     *
     * @param index any 32 bits
     * @return the page's number in the domain's memory, or -EINVAL
     */
    public synchronized int page(int index) {
        boolean there = index >= 0 && index < maxFrames() && grow(index + 1);
        return there ? memory.layout().grantTable() + index : -XenErrno.EINVAL;
    }

    /** The same for a status frame; there are none in version 1. */
    public synchronized int statusPage(int index) {
        int perStatusFrame = GrantEntryV2.STATUS_PER_PAGE / GrantEntryV2.PER_PAGE;
        boolean possible =
                shared.version() == 2 && index >= 0 && index < memory.layout().grantStatusFrames();
        boolean there = possible && grow(Math.min((index + 1) * perStatusFrame, maxFrames()));
        return there ? memory.layout().grantStatus() + index : -XenErrno.EINVAL;
    }

    /**
     * The domain dies: from now on nothing can be pinned, so that nobody holds an offset in memory that is given back.
     * Waits for copies under way. Idempotent.
     *
     * @return grants still in use; the memory has to stay until they are not
     */
    public synchronized int retire() {
        retired = true;
        boolean interrupted = false;
        while (copies > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return active.inUse();
    }

    /**
     * Writes an entry on the domain's behalf, before it runs: the grants of the console and xenstore pages.
     *
     * @param frame any frame of the domain, special ones too
     */
    public void grant(int ref, int domid, int frame) {
        long at = GrantEntryV1.entry(0, ref);
        GrantEntryV1.frame(entryPages, at, frame);
        GrantEntryV1.domid(entryPages, at, domid);
        GrantEntryV1.flagsRelease(entryPages, at, GrantFlags.PERMIT_ACCESS);
    }

    /** References that there are. */
    private int count() {
        return frames * shared.perPage();
    }

    /** Whether a use by a domain may begin, as far as can be said without the entry. */
    private int check(int domid, int ref, boolean writable) {
        if (retired) {
            return GrantStatus.BAD_DOMAIN;
        }
        if (ref < 0 || ref >= count()) {
            return GrantStatus.BAD_GNTREF;
        }
        boolean taken = !active.isUnused(ref) && active.user(ref) != domid;
        return taken || active.isFull(ref, writable) ? GrantStatus.GENERAL_ERROR : GrantStatus.OKAY;
    }

    /** A grant already used in this way was checked before; the entry may say what it likes meanwhile. */
    private boolean isNewUse(int ref, boolean writable) {
        return active.isUnused(ref) || (writable && !active.isWritten(ref));
    }

    /**
     * Starts to use a grant of a whole page.
     *
     * @param domid who wants to
     * @param ref any 32 bits
     * @param writable false for reading only
     * @return the offset of the page in the domain's memory, or a negative GNTST status
     */
    public synchronized long pin(int domid, int ref, boolean writable) {
        int status = check(domid, ref, writable);
        if (status != GrantStatus.OKAY) {
            return status;
        }
        if (active.isPart(ref)) {
            return GrantStatus.GENERAL_ERROR;
        }
        if (isNewUse(ref, writable)) {
            boolean unused = active.isUnused(ref);
            long header = shared.setInUse(domid, ref, writable, unused, true);
            if (header < 0) {
                return header;
            }
            if (unused && !begin(domid, ref)) {
                return GrantStatus.BAD_PAGE;
            }
        }
        return add(ref, writable) ? active.offset(ref) : GrantStatus.GENERAL_ERROR;
    }

    /**
     * Counts one more use. The first one that writes makes the page one that is written to; false if it is a page table that
     * the guest has registered: then nothing was begun (row M4).
     */
    private boolean add(int ref, boolean writable) {
        boolean first = writable && !active.isWritten(ref);
        if (!first || active.via(ref) != null || memory.startWriting(active.offset(ref))) {
            active.add(ref, writable);
            return true;
        }
        if (active.isUnused(ref)) {
            endUse(ref);
        }
        tellRest(ref, writable);
        return false;
    }

    /** The first use of a grant, which the entry says to be in use: finds the page. */
    private boolean begin(int domid, int ref) {
        long offset = memory.pin(shared.frame(ref));
        if (offset == GuestMemory.NOT_MEMORY) {
            tellUnused(ref);
            return false;
        }
        active.begin(ref, domid, offset);
        return true;
    }

    /** Ends one use that {@link #pin} began. */
    public synchronized void unpin(int ref, boolean writable) {
        GrantTable via = active.via(ref);
        boolean unused = active.remove(ref, writable);
        if (writable && via == null && !active.isWritten(ref)) {
            memory.endWriting(active.offset(ref));
        }
        if (unused) {
            endUse(ref);
        }
        tellRest(ref, writable);
    }

    private void endUse(int ref) {
        if (active.via(ref) == null) {
            memory.unpin(active.offset(ref));
        }
        if (active.isPart(ref)) {
            versionTwoUses--;
        }
        active.end(ref);
    }

    /** The entry says at most as much use as there is ({@code reduce_status_for_pin}). */
    private void tellRest(int ref, boolean writable) {
        boolean unused = active.isUnused(ref);
        boolean noWriter = !active.isWritten(ref);
        int bits = (unused ? GrantFlags.READING : 0) | (noWriter && (writable || unused) ? GrantFlags.WRITING : 0);
        // A reference beyond the table was in use before the version changed, and the change cleared its entry.
        if (bits != 0 && ref < count()) {
            shared.clearInUse(ref, bits);
        }
    }

    private void tellUnused(int ref) {
        shared.clearInUse(ref, GrantFlags.READING | GrantFlags.WRITING);
    }

    /**
     * Starts to use a grant for a copy: of a page, or of a part of one. A transitive grant leads on: then this is the first
     * half, and {@link #beginCopyVia} or {@link #abandonCopyVia} follows in any case.
     *
     * @param end gets the page; or, if {@link CopyEnd#isTransitive}, the grant that it leads to
     * @return 0, or a negative GNTST status
     */
    synchronized int beginCopy(int domid, int ref, boolean writable, CopyEnd end) {
        int status = check(domid, ref, writable);
        if (status != GrantStatus.OKAY) {
            return status;
        }
        boolean unused = active.isUnused(ref);
        boolean transitive = active.via(ref) != null;
        if (isNewUse(ref, writable)) {
            long header = shared.setInUse(domid, ref, writable, unused, false);
            if (header < 0) {
                return (int) header;
            }
            if (unused) {
                int flags = GrantEntryV1.flagsOf((int) header);
                transitive = (flags & GrantFlags.TYPE_MASK) == GrantFlags.TRANSITIVE;
                if (!transitive && !beginPart(domid, ref, flags)) {
                    return GrantStatus.BAD_PAGE;
                }
            }
        }
        if (transitive) {
            leadOn(ref, end);
        } else if (add(ref, writable)) {
            end.page(memory, active.offset(ref), active.first(ref), active.length(ref));
        } else {
            return GrantStatus.GENERAL_ERROR;
        }
        copies++;
        return GrantStatus.OKAY;
    }

    private boolean beginPart(int domid, int ref, int flags) {
        boolean part = shared.version() > 1 && (flags & GrantFlags.SUB_PAGE) != 0;
        int start = part ? shared.partOffset(ref) : 0;
        int length = part ? shared.partLength(ref) : PAGE_SIZE;
        if (!begin(domid, ref)) {
            return false;
        }
        if (part) {
            active.part(ref, start, length);
            versionTwoUses++;
        }
        return true;
    }

    private void leadOn(int ref, CopyEnd end) {
        versionTwoUses++;
        GrantTable via = active.via(ref);
        if (via != null) {
            end.leadsTo(via, active.viaRef(ref));
        } else {
            end.leadsTo(shared.transitiveDomid(ref), shared.transitiveRef(ref));
        }
    }

    /**
     * The second half for a transitive grant, after the grant that it leads to was pinned.
     *
     * @param via the table that it leads to
     * @param viaRef and the reference there
     * @param end the page, from the other table
     * @return false if the grant is used in another way by now; then nothing was begun, and it may be tried again
     */
    synchronized boolean beginCopyVia(int domid, int ref, boolean writable, GrantTable via, int viaRef, CopyEnd end) {
        boolean same = active.isUnused(ref)
                || (active.user(ref) == domid
                        && active.via(ref) == via
                        && active.viaRef(ref) == viaRef
                        && active.offset(ref) == end.pageOffset()
                        && active.first(ref) == end.first()
                        && active.length(ref) == end.length());
        // Somebody else's copy may have ended meanwhile, and told the guest that the grant is not in use.
        boolean unused = active.isUnused(ref);
        boolean permitted = same && (!unused || shared.setInUse(domid, ref, writable, true, false) >= 0);
        if (!permitted || active.isFull(ref, writable)) {
            abandonCopyVia(ref, writable);
            return false;
        }
        if (unused) {
            // The use that is counted as under way now lasts as long as the grant is used.
            active.begin(ref, domid, end.pageOffset());
            active.part(ref, end.first(), end.length());
            active.via(ref, via, viaRef);
        } else {
            versionTwoUses--;
        }
        active.add(ref, writable);
        return true;
    }

    /** Ends what {@link #beginCopy} began with a transitive grant, which leads nowhere. */
    synchronized void abandonCopyVia(int ref, boolean writable) {
        versionTwoUses--;
        tellRest(ref, writable);
        copyEnds();
    }

    /** Ends a use by a copy. */
    synchronized void endCopy(int ref, boolean writable) {
        unpin(ref, writable);
        copyEnds();
    }

    private void copyEnds() {
        copies--;
        if (copies == 0) {
            notifyAll();
        }
    }

    /**
     * Swaps the contents of two entries, which nobody may use just now ({@code GNTTABOP_swap_grant_ref}).
     *
     * @return a GNTST status
     */
    public synchronized int swap(int a, int b) {
        if (a < 0 || a >= count() || b < 0 || b >= count()) {
            return GrantStatus.BAD_GNTREF;
        }
        if (a == b) {
            return GrantStatus.OKAY;
        }
        if (!active.isUnused(a) || !active.isUnused(b)) {
            return GrantStatus.EAGAIN;
        }
        shared.swap(a, b);
        return GrantStatus.OKAY;
    }

    /**
     * Changes the version ({@code GNTTABOP_set_version}). All entries are cleared, but for the first eight, which are Dom0's
     * and keep their meaning; only they may be in use.
     *
     * @return 0, or a negative Xen errno: then nothing has changed
     */
    public synchronized int setVersion(int version) {
        if (version != 1 && version != 2) {
            return -XenErrno.EINVAL;
        }
        if (version == shared.version()) {
            return 0;
        }
        int reservedInUse = 0;
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            reservedInUse += active.isUnused(ref) ? 0 : 1;
        }
        if (active.inUse() > reservedInUse) {
            return -XenErrno.EBUSY;
        }
        if (version == 2) {
            toVersion2();
            return 0;
        }
        return versionTwoUses > 0 ? -XenErrno.EAGAIN : toVersion1();
    }

    private void toVersion2() {
        int[] headers = new int[NR_RESERVED_ENTRIES];
        long[] named = new long[NR_RESERVED_ENTRIES];
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            headers[ref] = shared.header(ref);
            named[ref] = shared.frame(ref);
        }
        clear();
        SharedEntries.V2 made = new SharedEntries.V2(entryPages, statusPages);
        int bits = GrantFlags.READING | GrantFlags.WRITING;
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            GrantEntryV2.statusVolatile(statusPages, GrantEntryV2.statusEntry(0, ref), headers[ref] & bits);
            GrantEntryV2.fullPageFrame(entryPages, GrantEntryV2.entry(0, ref), named[ref]);
            GrantEntryV2.hdrRelease(entryPages, GrantEntryV2.entry(0, ref), headers[ref] & ~bits);
        }
        active.allowParts();
        shared = made;
    }

    private int toVersion1() {
        int[] headers = new int[NR_RESERVED_ENTRIES];
        long[] named = new long[NR_RESERVED_ENTRIES];
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            int header = shared.header(ref);
            int type = header & GrantFlags.TYPE_MASK;
            named[ref] = shared.frame(ref);
            if (type == GrantFlags.TRANSITIVE || (type == GrantFlags.PERMIT_ACCESS && named[ref] >>> 32 != 0)) {
                return -XenErrno.ERANGE;
            }
            int status = GrantEntryV2.statusAcquire(statusPages, GrantEntryV2.statusEntry(0, ref));
            headers[ref] = type == GrantFlags.PERMIT_ACCESS ? header | status : 0;
        }
        clear();
        for (int ref = 0; ref < NR_RESERVED_ENTRIES; ref++) {
            long at = GrantEntryV1.entry(0, ref);
            GrantEntryV1.frame(entryPages, at, headers[ref] == 0 ? 0 : (int) named[ref]);
            GrantEntryV1.domid(entryPages, at, GrantEntryV1.domidOf(headers[ref]));
            GrantEntryV1.flagsRelease(entryPages, at, GrantEntryV1.flagsOf(headers[ref]));
        }
        active.allowWholePagesOnly();
        shared = new SharedEntries.V1(entryPages);
        return 0;
    }

    /** Nothing of one version may be taken for something of the other. */
    private void clear() {
        entryPages.asSlice(0, (long) frames * PAGE_SIZE).fill((byte) 0);
        statusPages
                .asSlice(0, (long) GrantEntryV2.statusFrames(frames) * PAGE_SIZE)
                .fill((byte) 0);
    }
}
