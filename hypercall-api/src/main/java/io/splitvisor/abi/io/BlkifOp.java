// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

/** Operations in {@code blkif_request.operation} (io/blkif.h, {@code BLKIF_OP_*}). */
public final class BlkifOp {
    /** Reads sectors into granted pages. */
    public static final int READ = 0;
    /** Writes sectors from granted pages. */
    public static final int WRITE = 1;
    /** A write that all requests before it precede and all after it follow; needs feature-barrier. */
    public static final int WRITE_BARRIER = 2;
    /** Makes completed writes durable; needs feature-flush-cache. */
    public static final int FLUSH_DISKCACHE = 3;
    /** Used in SLES sources for packets; refused. */
    public static final int RESERVED_1 = 4;
    /** Gives sectors back; needs feature-discard. */
    public static final int DISCARD = 5;
    /** A read or write whose segments are in granted pages; needs feature-max-indirect-segments. */
    public static final int INDIRECT = 6;

    private BlkifOp() {}

    /** Xen's name, such as "FLUSH_DISKCACHE"; "operation N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case READ -> "READ";
            case WRITE -> "WRITE";
            case WRITE_BARRIER -> "WRITE_BARRIER";
            case FLUSH_DISKCACHE -> "FLUSH_DISKCACHE";
            case RESERVED_1 -> "RESERVED_1";
            case DISCARD -> "DISCARD";
            case INDIRECT -> "INDIRECT";
            default -> "operation " + op;
        };
    }
}
