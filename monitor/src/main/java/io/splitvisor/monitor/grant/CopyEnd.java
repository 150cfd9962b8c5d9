// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * One end of a copy: a page, or a part of one, that is kept from going away while it is copied. Used again for each copy,
 * so that nothing is allocated.
 */
final class CopyEnd {
    private final boolean writable;

    // What is pinned: nothing, a frame, or a grant, and the grant that it leads to if it is transitive.
    private boolean byFrame;
    private GrantTable table;
    private int ref;
    private GrantTable via;
    private int viaDomid;
    private int viaRef;
    private boolean transitive;

    private GuestMemory memory;
    private long pageOffset;
    private int start;
    private int length;

    CopyEnd(boolean writable) {
        this.writable = writable;
    }

    /** {@link GrantTable} fills in the page. */
    void page(GuestMemory owner, long offset, int firstByte, int bytes) {
        memory = owner;
        pageOffset = offset;
        start = firstByte;
        length = bytes;
    }

    /** {@link GrantTable} found a transitive grant that is in use already. */
    void leadsTo(GrantTable other, int otherRef) {
        transitive = true;
        via = other;
        viaRef = otherRef;
    }

    /** {@link GrantTable} found a transitive grant. */
    void leadsTo(int otherDomid, int otherRef) {
        leadsTo(null, otherRef);
        viaDomid = otherDomid;
    }

    /** Whether the grant leads to another one. */
    boolean isTransitive() {
        return transitive;
    }

    /** Where the page starts in its domain's memory. */
    long pageOffset() {
        return pageOffset;
    }

    /** First byte of the page that may be copied. */
    int first() {
        return start;
    }

    /** Bytes from there on that may be copied. */
    int length() {
        return length;
    }

    /** The memory that the page is part of. */
    MemorySegment segment() {
        return memory.segment();
    }

    /** Whether these bytes of the page lie within what may be copied. */
    boolean contains(int offset, int bytes) {
        return offset >= start && offset + bytes <= start + length;
    }

    /** A page of the caller's own, by frame: 0, or a negative GNTST status. */
    int claimFrame(GuestMemory own, long frame) {
        long offset = own.pin(frame);
        if (offset == GuestMemory.NOT_MEMORY) {
            return GrantStatus.BAD_PAGE;
        }
        if (writable && !own.startWriting(offset)) {
            // A page table, or a page of descriptors.
            own.unpin(offset);
            return GrantStatus.GENERAL_ERROR;
        }
        page(own, offset, 0, GrantTable.PAGE_SIZE);
        byFrame = true;
        return GrantStatus.OKAY;
    }

    /**
     * A granted page.
     *
     * @param granter its table
     * @param granterDomid whose it is
     * @param domid the caller
     * @param grants how to find further tables
     * @return 0, a negative GNTST status, or {@link GrantCopy#AGAIN}
     */
    int claimGrant(GrantTable granter, int granterDomid, int grantRef, int domid, GrantTables grants) {
        transitive = false;
        int status = granter.beginCopy(domid, grantRef, writable, this);
        if (status != GrantStatus.OKAY) {
            return status;
        }
        if (transitive) {
            status = follow(granter, granterDomid, grantRef, domid, grants);
            if (status != GrantStatus.OKAY) {
                return status;
            }
        }
        table = granter;
        ref = grantRef;
        return GrantStatus.OKAY;
    }

    /** No table's lock is held on the way from one to the other (row G20). Grants lead on once only, as in Xen. */
    private int follow(GrantTable granter, int granterDomid, int grantRef, int domid, GrantTables grants) {
        GrantTable next = via != null ? via : grants.find(viaDomid);
        int nextRef = viaRef;
        via = null;
        if (next == null || next == granter) {
            granter.abandonCopyVia(grantRef, writable);
            return GrantStatus.GENERAL_ERROR;
        }
        transitive = false;
        int status = next.beginCopy(granterDomid, nextRef, writable, this);
        if (status == GrantStatus.OKAY && transitive) {
            via = null;
            next.abandonCopyVia(nextRef, writable);
            status = GrantStatus.GENERAL_ERROR;
        }
        if (status != GrantStatus.OKAY) {
            granter.abandonCopyVia(grantRef, writable);
            return status;
        }
        if (!granter.beginCopyVia(domid, grantRef, writable, next, nextRef, this)) {
            next.endCopy(nextRef, writable);
            return GrantCopy.AGAIN;
        }
        via = next;
        viaRef = nextRef;
        return GrantStatus.OKAY;
    }

    /** Lets the page go; nothing happens if there is none. */
    void release() {
        if (byFrame) {
            if (writable) {
                memory.endWriting(pageOffset);
            }
            memory.unpin(pageOffset);
            byFrame = false;
        }
        memory = null;
        if (table != null) {
            table.endCopy(ref, writable);
            table = null;
        }
        if (via != null) {
            via.endCopy(viaRef, writable);
            via = null;
        }
    }
}
