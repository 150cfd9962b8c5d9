// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** What {@code GNTTABOP_cache_flush} does (grant_table.h, {@code GNTTAB_CACHE_*}). */
public final class GrantCacheOp {
    /** Writes cached bytes back. */
    public static final int CLEAN = 0x1;
    /** Forgets cached bytes. */
    public static final int INVAL = 0x2;
    /** The page is named by a reference; Xen has never implemented it. */
    public static final int SOURCE_GREF = 0x80000000;

    private GrantCacheOp() {}
}
