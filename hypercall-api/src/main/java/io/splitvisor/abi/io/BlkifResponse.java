// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A response. A 32-bit guest has the same offsets, in 12 bytes. {@code struct blkif_response} in io/blkif.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     8  id         back end: from the request
 *        8     1  operation  back end: from the request
 *       10     2  status     back end: a BLKIF_RSP_* number
 * </pre>
 */
public final class BlkifResponse {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long ID = 0;
    public static final long OPERATION = 8;
    public static final long STATUS = 10;

    private BlkifResponse() {}

    public static long id(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ID);
    }

    public static void id(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ID, value);
    }

    public static int operation(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + OPERATION));
    }

    public static void operation(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + OPERATION, (byte) value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
