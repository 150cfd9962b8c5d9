// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;

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

    public static int operation(MemorySegment memory, long at) {
        return OPERATION.get(memory, at);
    }

    public static void operation(MemorySegment memory, long at, int value) {
        OPERATION.set(memory, at, value);
    }

    public static int flag(MemorySegment memory, long at) {
        return FLAG.get(memory, at);
    }

    public static void flag(MemorySegment memory, long at, int value) {
        FLAG.set(memory, at, value);
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

    public static long nrSectors(MemorySegment memory, long at) {
        return NR_SECTORS.get(memory, at);
    }

    public static void nrSectors(MemorySegment memory, long at, long value) {
        NR_SECTORS.set(memory, at, value);
    }
}
