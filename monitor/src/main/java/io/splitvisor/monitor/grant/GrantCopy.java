// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantCopyFlags;
import io.splitvisor.abi.grant.GrantStatus;
import java.lang.foreign.MemorySegment;

/**
 * {@code GNTTABOP_copy}: bytes from page to page, of which either may be granted by another domain. With this alone a back
 * end can live in a domain that maps nobody's pages. One for each caller at a time; it holds nothing between two copies.
 */
public final class GrantCopy {
    /** Not done because the grant was just changing: to be tried again. No status has this value. */
    public static final int AGAIN = 1;

    private final CopyEnd source = new CopyEnd(false);
    private final CopyEnd dest = new CopyEnd(true);

    /**
     * Copies once.
     *
     * @param domid the caller
     * @param own the caller's table
     * @param grants everybody's
     * @param op a {@link GnttabCopy} in private memory, at offset 0
     * @return 0, a negative GNTST status, or {@link #AGAIN}
     */
    public int copy(int domid, GrantTable own, GrantTables grants, MemorySegment op) {
        int bytes = GnttabCopy.len(op, 0);
        if (bytes == 0) {
            return GrantStatus.OKAY;
        }
        long from = GnttabCopy.source(0);
        long to = GnttabCopy.dest(0);
        int flags = GnttabCopy.flags(op, 0);
        boolean fromGrant = (flags & GrantCopyFlags.SOURCE_GREF) != 0;
        boolean toGrant = (flags & GrantCopyFlags.DEST_GREF) != 0;
        int status = checkDomain(GnttabCopyPtr.domid(op, from), fromGrant, domid, grants);
        if (status == GrantStatus.OKAY) {
            status = checkDomain(GnttabCopyPtr.domid(op, to), toGrant, domid, grants);
        }
        if (status != GrantStatus.OKAY) {
            return status;
        }
        try {
            status = claim(source, op, from, fromGrant, domid, own, grants);
            if (status == GrantStatus.OKAY) {
                status = claim(dest, op, to, toGrant, domid, own, grants);
            }
            return status == GrantStatus.OKAY
                    ? move(GnttabCopyPtr.offset(op, from), GnttabCopyPtr.offset(op, to), bytes)
                    : status;
        } finally {
            source.release();
            dest.release();
        }
    }

    /** Only the caller's own pages go by frame, and only under the name DOMID_SELF (row G13). */
    private static int checkDomain(int named, boolean byGrant, int caller, GrantTables grants) {
        if (named == DomId.SELF) {
            return GrantStatus.OKAY;
        }
        if (!byGrant) {
            return GrantStatus.PERMISSION_DENIED;
        }
        boolean exists = named == caller || named == 0 || grants.find(named) != null;
        return exists ? GrantStatus.OKAY : GrantStatus.BAD_DOMAIN;
    }

    private static int claim(
            CopyEnd end, MemorySegment op, long at, boolean byGrant, int domid, GrantTable own, GrantTables grants) {
        if (!byGrant) {
            return end.claimFrame(own.memory(), GnttabCopyPtr.gmfn(op, at));
        }
        int named = GnttabCopyPtr.domid(op, at);
        int granterDomid = named == DomId.SELF ? domid : named;
        GrantTable granter = granterDomid == domid ? own : grants.find(granterDomid);
        if (granter == null) {
            // Dom0 is there, but grants nothing; any other domain has gone since.
            return granterDomid == 0 ? GrantStatus.BAD_GNTREF : GrantStatus.BAD_DOMAIN;
        }
        return end.claimGrant(granter, granterDomid, GnttabCopyPtr.ref(op, at), domid, grants);
    }

    private int move(int from, int to, int bytes) {
        if (from + bytes > GrantTable.PAGE_SIZE || to + bytes > GrantTable.PAGE_SIZE) {
            return GrantStatus.BAD_COPY_ARG;
        }
        if (!source.contains(from, bytes) || !dest.contains(to, bytes)) {
            return GrantStatus.GENERAL_ERROR;
        }
        MemorySegment.copy(source.segment(), source.pageOffset() + from, dest.segment(), dest.pageOffset() + to, bytes);
        return GrantStatus.OKAY;
    }
}
