// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A run of sectors in one granted page. The layout is the same for x86_32. {@code struct blkif_request_segment} in
 * io/blkif.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     4  gref        front end: the page
 *        4     1  first_sect  front end: first sector in the page, 0 to 7
 *        5     1  last_sect   front end: last sector in the page, included
 * </pre>
 */
public final class BlkifRequestSegment {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long GREF = 0;
    public static final long FIRST_SECT = 4;
    public static final long LAST_SECT = 5;

    private BlkifRequestSegment() {}

    public static int gref(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + GREF);
    }

    public static void gref(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + GREF, value);
    }

    public static int firstSect(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + FIRST_SECT));
    }

    public static void firstSect(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + FIRST_SECT, (byte) value);
    }

    public static int lastSect(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + LAST_SECT));
    }

    public static void lastSect(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + LAST_SECT, (byte) value);
    }
}
