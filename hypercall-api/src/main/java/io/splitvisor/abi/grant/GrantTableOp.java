// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Operations of {@code grant_table_op} (grant_table.h, {@code GNTTABOP_*}). */
public final class GrantTableOp {
    public static final int MAP_GRANT_REF = 0;
    public static final int UNMAP_GRANT_REF = 1;
    public static final int SETUP_TABLE = 2;
    public static final int DUMP_TABLE = 3;
    public static final int TRANSFER = 4;
    public static final int COPY = 5;
    public static final int QUERY_SIZE = 6;
    public static final int UNMAP_AND_REPLACE = 7;
    public static final int SET_VERSION = 8;
    public static final int GET_STATUS_FRAMES = 9;
    public static final int GET_VERSION = 10;
    public static final int SWAP_GRANT_REF = 11;
    public static final int CACHE_FLUSH = 12;

    private GrantTableOp() {}

    /** Xen's name, such as "map_grant_ref"; "grant_table_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case MAP_GRANT_REF -> "map_grant_ref";
            case UNMAP_GRANT_REF -> "unmap_grant_ref";
            case SETUP_TABLE -> "setup_table";
            case DUMP_TABLE -> "dump_table";
            case TRANSFER -> "transfer";
            case COPY -> "copy";
            case QUERY_SIZE -> "query_size";
            case UNMAP_AND_REPLACE -> "unmap_and_replace";
            case SET_VERSION -> "set_version";
            case GET_STATUS_FRAMES -> "get_status_frames";
            case GET_VERSION -> "get_version";
            case SWAP_GRANT_REF -> "swap_grant_ref";
            case CACHE_FLUSH -> "cache_flush";
            default -> "grant_table_op " + op;
        };
    }
}
