// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A request to discard sectors; it overlays {@link BlkifRequest}. {@code struct blkif_request_discard} in
 * io/blkif.h.
 *
 * <pre>
 *   offset  size  field          written by
 *        0     1  operation      front end: BLKIF_OP_DISCARD
 *        1     1  flag           front end: BLKIF_DISCARD_SECURE or 0
 *        2     2  handle         front end: the virtual device
 *        8     8  id             front end: echoed in the response
 *       16     8  sector_number  front end: first sector
 *       24     8  nr_sectors     front end
 * </pre>
 */
public final class BlkifRequestDiscard {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long OPERATION = 0;
    public static final long FLAG = 1;
    public static final long HANDLE = 2;
    public static final long ID = 8;
    public static final long SECTOR_NUMBER = 16;
    public static final long NR_SECTORS = 24;

    private BlkifRequestDiscard() {}

    public static int operation(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + OPERATION));
    }

    public static void operation(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + OPERATION, (byte) value);
    }

    public static int flag(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + FLAG));
    }

    public static void flag(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + FLAG, (byte) value);
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

    public static long nrSectors(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_SECTORS);
    }

    public static void nrSectors(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_SECTORS, value);
    }
}
