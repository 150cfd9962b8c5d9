// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/**
 * A request to read, write or flush, as a 64-bit guest lays it out; other guests' requests are brought into this
 * form by {@link BlkifProtocol}. {@code struct blkif_request} in io/blkif.h.
 */
public final class BlkifRequest {
    private static final Struct.Builder FIELDS = Struct.named("blkif_request");

    public static final Field.U8 OPERATION =
            FIELDS.note("front end: a BLKIF_OP_* number").u8("operation");
    public static final Field.U8 NR_SEGMENTS =
            FIELDS.note("front end: at most 11").u8("nr_segments");
    public static final Field.U16 HANDLE =
            FIELDS.note("front end: the virtual device").u16("handle");
    public static final Field.U64 ID =
            FIELDS.note("front end: echoed in the response").u64("id");
    public static final Field.U64 SECTOR_NUMBER =
            FIELDS.note("front end: first 512-byte sector on the disk").u64("sector_number");
    public static final Field.Structs SEG =
            FIELDS.note("front end").array("seg", BlkifRequestSegment.STRUCT, Blkif.MAX_SEGMENTS_PER_REQUEST);

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifRequest() {}
}
