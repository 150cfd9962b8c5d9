// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;

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

    public static int operation(MemorySegment memory, long at) {
        return OPERATION.get(memory, at);
    }

    public static void operation(MemorySegment memory, long at, int value) {
        OPERATION.set(memory, at, value);
    }

    public static int nrSegments(MemorySegment memory, long at) {
        return NR_SEGMENTS.get(memory, at);
    }

    public static void nrSegments(MemorySegment memory, long at, int value) {
        NR_SEGMENTS.set(memory, at, value);
    }

    public static int handle(MemorySegment memory, long at) {
        return HANDLE.get(memory, at);
    }

    public static void handle(MemorySegment memory, long at, int value) {
        HANDLE.set(memory, at, value);
    }

    public static long id(MemorySegment memory, long at) {
        return ID.get(memory, at);
    }

    public static void id(MemorySegment memory, long at, long value) {
        ID.set(memory, at, value);
    }

    public static long sectorNumber(MemorySegment memory, long at) {
        return SECTOR_NUMBER.get(memory, at);
    }

    public static void sectorNumber(MemorySegment memory, long at, long value) {
        SECTOR_NUMBER.set(memory, at, value);
    }

    /** Where element {@code index} starts, a {@link BlkifRequestSegment}. */
    public static long seg(long at, int index) {
        return SEG.at(at, index);
    }
}
