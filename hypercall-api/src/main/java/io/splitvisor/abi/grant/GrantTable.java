// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Reserved entries of a grant table (grant_table.h, {@code GNTTAB_*}). */
public final class GrantTable {
    /** References below this are for tools. */
    public static final int NR_RESERVED_ENTRIES = 8;
    /** The reference of the console ring. */
    public static final int RESERVED_CONSOLE = 0;
    /** The reference of the xenstore ring. */
    public static final int RESERVED_XENSTORE = 1;

    private GrantTable() {}
}
