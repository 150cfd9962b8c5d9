// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

/** Limits and flags of the block protocol (io/blkif.h). */
public final class Blkif {
    /** Segments that fit a direct request. */
    public static final int MAX_SEGMENTS_PER_REQUEST = 11;
    /** Pages of segments that an indirect request can name. */
    public static final int MAX_INDIRECT_PAGES_PER_REQUEST = 8;
    /** Flag of a discard request: erase, do not only forget. */
    public static final int DISCARD_SECURE = 1;
    /** Bit of the info node: a CD-ROM. */
    public static final int VDISK_CDROM = 1;
    /** Bit of the info node: removable. */
    public static final int VDISK_REMOVABLE = 2;
    /** Bit of the info node: read-only. */
    public static final int VDISK_READONLY = 4;

    private Blkif() {}
}
