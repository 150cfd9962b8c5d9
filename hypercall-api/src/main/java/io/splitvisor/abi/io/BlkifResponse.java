// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;

/**
 * A response. A 32-bit guest has the same offsets, in 12 bytes. {@code struct blkif_response} in io/blkif.h.
 */
public final class BlkifResponse {
    private static final Struct.Builder FIELDS = Struct.named("blkif_response");

    public static final Field.U64 ID = FIELDS.note("back end: from the request").u64("id");
    public static final Field.U8 OPERATION =
            FIELDS.note("back end: from the request").u8("operation");
    public static final Field.I16 STATUS =
            FIELDS.note("back end: a BLKIF_RSP_* number").i16("status");

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    private BlkifResponse() {}

    public static long id(MemorySegment memory, long at) {
        return ID.get(memory, at);
    }

    public static void id(MemorySegment memory, long at, long value) {
        ID.set(memory, at, value);
    }

    public static int operation(MemorySegment memory, long at) {
        return OPERATION.get(memory, at);
    }

    public static void operation(MemorySegment memory, long at, int value) {
        OPERATION.set(memory, at, value);
    }

    public static int status(MemorySegment memory, long at) {
        return STATUS.get(memory, at);
    }

    public static void status(MemorySegment memory, long at, int value) {
        STATUS.set(memory, at, value);
    }
}
