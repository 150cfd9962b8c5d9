// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Flags of {@code gnttab_copy} (grant_table.h, {@code GNTCOPY_*}). */
public final class GrantCopyFlags {
    /** The source is a grant reference, not a frame. */
    public static final int SOURCE_GREF = 0x1;
    /** The destination is a grant reference, not a frame. */
    public static final int DEST_GREF = 0x2;

    private GrantCopyFlags() {}
}
