// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A read or write whose segments are in granted pages; it overlays {@link BlkifRequest}. {@code struct
 * blkif_request_indirect} in io/blkif.h.
 *
 * <pre>
 *   offset  size  field              written by
 *        0     1  operation          front end: BLKIF_OP_INDIRECT
 *        1     1  indirect_op        front end: BLKIF_OP_READ or BLKIF_OP_WRITE
 *        2     2  nr_segments        front end: of all pages together
 *        8     8  id                 front end: echoed in the response
 *       16     8  sector_number      front end: first 512-byte sector on the disk
 *       24     2  handle             front end: the virtual device
 *       28    32  indirect_grefs[8]  front end: pages of 512 blkif_request_segment each
 * </pre>
 */
public final class BlkifRequestIndirect {
    /** Bytes of the structure. */
    public static final int SIZE = 64;

    /** Segments in a page of segments. */
    public static final int SEGMENTS_PER_PAGE = 512;

    public static final long OPERATION = 0;
    public static final long INDIRECT_OP = 1;
    public static final long NR_SEGMENTS = 2;
    public static final long ID = 8;
    public static final long SECTOR_NUMBER = 16;
    public static final long HANDLE = 24;
    public static final long INDIRECT_GREFS = 28;

    private BlkifRequestIndirect() {}

    public static int operation(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + OPERATION));
    }

    public static void operation(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + OPERATION, (byte) value);
    }

    public static int indirectOp(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + INDIRECT_OP));
    }

    public static void indirectOp(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + INDIRECT_OP, (byte) value);
    }

    public static int nrSegments(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + NR_SEGMENTS));
    }

    public static void nrSegments(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + NR_SEGMENTS, (short) value);
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

    public static int handle(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + HANDLE));
    }

    public static void handle(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + HANDLE, (short) value);
    }

    public static int indirectGrefs(MemorySegment memory, long at, int index) {
        return memory.get(JAVA_INT_UNALIGNED, at + INDIRECT_GREFS + (long) index * 4);
    }

    public static void indirectGrefs(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + INDIRECT_GREFS + (long) index * 4, value);
    }

    /** Pages of segments that a request of {@code segments} needs. */
    public static int pages(int segments) {
        return (segments + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE;
    }
}
