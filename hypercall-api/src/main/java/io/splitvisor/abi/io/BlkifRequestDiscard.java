// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/**
 * A request to discard sectors; it overlays {@link BlkifRequest}. {@code struct blkif_request_discard} in
 * io/blkif.h.
 */
public final class BlkifRequestDiscard {
    private static final Struct.Builder FIELDS = Struct.named("blkif_request_discard");

    public static final Field.U8 OPERATION =
            FIELDS.note("front end: BLKIF_OP_DISCARD").u8("operation");
    public static final Field.U8 FLAG =
            FIELDS.note("front end: BLKIF_DISCARD_SECURE or 0").u8("flag");
    public static final Field.U16 HANDLE =
            FIELDS.note("front end: the virtual device").u16("handle");
    public static final Field.U64 ID =
            FIELDS.note("front end: echoed in the response").u64("id");
    public static final Field.U64 SECTOR_NUMBER =
            FIELDS.note("front end: first sector").u64("sector_number");
    public static final Field.U64 NR_SECTORS = FIELDS.note("front end").u64("nr_sectors");

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifRequestDiscard() {}
}
