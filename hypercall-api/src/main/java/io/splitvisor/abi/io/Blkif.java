// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Protocol;

/** The block protocol (io/blkif.h): what it is made of, its limits and flags. */
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

    public static final Feature.Flag FLUSH_CACHE = backend("feature-flush-cache");
    public static final Feature.Flag BARRIER = backend("feature-barrier");
    public static final Feature.Flag DISCARD = backend("feature-discard");
    public static final Feature.Flag SECURE_DISCARD =
            Feature.flag("discard-secure", false).byBackend();
    public static final Feature.Flag PERSISTENT = Feature.flag("feature-persistent", true);
    /** Most segments of an indirect request; 0 where there are none. A page of references names 4096. */
    public static final Feature.Numeric MAX_INDIRECT_SEGMENTS =
            Feature.number("feature-max-indirect-segments", 0, 4096, 256).byBackend();
    /** Size of the disk in units of 512 bytes. */
    public static final Feature.Numeric SECTORS =
            Feature.number("sectors", 0, Long.MAX_VALUE >> 9, 0).byBackend().need();
    /** Bytes of a sector, to which requests are aligned. */
    public static final Feature.Numeric SECTOR_SIZE =
            Feature.number("sector-size", 512, 4096, 512).byBackend();
    /** Bytes that the store moves at least. */
    public static final Feature.Numeric PHYSICAL_SECTOR_SIZE =
            Feature.number("physical-sector-size", 512, 1 << 30, 512).byBackend();
    /** {@link #VDISK_CDROM} and the other bits. */
    public static final Feature.Numeric INFO = Feature.number("info", 0, 7, 0).byBackend();

    public static final Feature.Numeric DISCARD_GRANULARITY =
            Feature.number("discard-granularity", 0, 0xffff_ffffL, 0).byBackend();
    public static final Feature.Numeric DISCARD_ALIGNMENT =
            Feature.number("discard-alignment", 0, 0xffff_ffffL, 0).byBackend();

    /** All of it. */
    public static final Protocol PROTOCOL = Protocol.of("vbd")
            .request(BlkifRequest.STRUCT)
            .response(BlkifResponse.STRUCT)
            .id(BlkifRequest.ID, BlkifResponse.ID)
            .echo(BlkifRequest.OPERATION, BlkifResponse.OPERATION)
            .status(BlkifResponse.STATUS, BlkifStatus.OKAY, BlkifStatus.ERROR, BlkifStatus.EOPNOTSUPP)
            .operation(BlkifRequest.OPERATION, BlkifOp.READ, "READ")
            .operation(BlkifRequest.OPERATION, BlkifOp.WRITE, "WRITE")
            .operation(BlkifRequest.OPERATION, BlkifOp.WRITE_BARRIER, "WRITE_BARRIER")
            .operation(BlkifRequest.OPERATION, BlkifOp.FLUSH_DISKCACHE, "FLUSH_DISKCACHE")
            .operation(BlkifRequest.OPERATION, BlkifOp.DISCARD, "DISCARD", BlkifRequestDiscard.STRUCT)
            .operation(BlkifRequest.OPERATION, BlkifOp.INDIRECT, "INDIRECT", BlkifRequestIndirect.STRUCT)
            .limit(BlkifRequest.NR_SEGMENTS, 0, MAX_SEGMENTS_PER_REQUEST)
            .limit(BlkifRequestIndirect.INDIRECT_OP, BlkifOp.READ, BlkifOp.WRITE)
            .features(FLUSH_CACHE, BARRIER, DISCARD, SECURE_DISCARD, PERSISTENT, MAX_INDIRECT_SEGMENTS)
            .features(SECTORS, SECTOR_SIZE, PHYSICAL_SECTOR_SIZE, INFO, DISCARD_GRANULARITY, DISCARD_ALIGNMENT)
            .queues(4)
            .ringPageOrder(4)
            .build();

    private Blkif() {}

    private static Feature.Flag backend(String name) {
        return Feature.flag(name, true).byBackend();
    }
}
