// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A request to read, write or flush, as a 64-bit guest lays it out; other guests' requests are brought into this
 * form by {@link BlkifProtocol}. {@code struct blkif_request} in io/blkif.h.
 *
 * <pre>
 *   offset  size  field          written by
 *        0     1  operation      front end: a BLKIF_OP_* number
 *        1     1  nr_segments    front end: at most 11
 *        2     2  handle         front end: the virtual device
 *        8     8  id             front end: echoed in the response
 *       16     8  sector_number  front end: first 512-byte sector on the disk
 *       24    88  seg[11]        front end
 * </pre>
 */
public final class BlkifRequest {
    /** Bytes of the structure. */
    public static final int SIZE = 112;

    public static final long OPERATION = 0;
    public static final long NR_SEGMENTS = 1;
    public static final long HANDLE = 2;
    public static final long ID = 8;
    public static final long SECTOR_NUMBER = 16;
    public static final long SEG = 24;

    private BlkifRequest() {}

    public static int operation(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + OPERATION));
    }

    public static void operation(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + OPERATION, (byte) value);
    }

    public static int nrSegments(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + NR_SEGMENTS));
    }

    public static void nrSegments(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + NR_SEGMENTS, (byte) value);
    }

    public static int handle(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + HANDLE));
    }

    public static void handle(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + HANDLE, (short) value);
    }

    public static long id(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ID);
    }

    public static void id(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ID, value);
    }

    public static long sectorNumber(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SECTOR_NUMBER);
    }

    public static void sectorNumber(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SECTOR_NUMBER, value);
    }

    /** Where element {@code index} starts, a {@link BlkifRequestSegment}. */
    public static long seg(long at, int index) {
        return at + SEG + (long) index * BlkifRequestSegment.SIZE;
    }
}
