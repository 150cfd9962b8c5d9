// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/**
 * A read or write whose segments are in granted pages; it overlays {@link BlkifRequest}. {@code struct
 * blkif_request_indirect} in io/blkif.h.
 */
public final class BlkifRequestIndirect {
    /** Segments in a page of segments. */
    public static final int SEGMENTS_PER_PAGE = 512;

    private static final Struct.Builder FIELDS = Struct.named("blkif_request_indirect");

    public static final Field.U8 OPERATION =
            FIELDS.note("front end: BLKIF_OP_INDIRECT").u8("operation");
    public static final Field.U8 INDIRECT_OP =
            FIELDS.note("front end: BLKIF_OP_READ or BLKIF_OP_WRITE").u8("indirect_op");
    public static final Field.U16 NR_SEGMENTS =
            FIELDS.note("front end: of all pages together").u16("nr_segments");
    public static final Field.U64 ID =
            FIELDS.note("front end: echoed in the response").u64("id");
    public static final Field.U64 SECTOR_NUMBER =
            FIELDS.note("front end: first 512-byte sector on the disk").u64("sector_number");
    public static final Field.U16 HANDLE =
            FIELDS.note("front end: the virtual device").u16("handle");
    public static final Field.Array<Field.Gref> INDIRECT_GREFS = FIELDS.note(
                    "front end: pages of 512 blkif_request_segment each")
            .grefs("indirect_grefs", Blkif.MAX_INDIRECT_PAGES_PER_REQUEST, Access.BACKEND_READS);

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifRequestIndirect() {}

    /** Pages of segments that a request of {@code segments} needs. */
    public static int pages(int segments) {
        return (segments + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE;
    }
}
