// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Undoes a mapping and puts another page in its place. {@code struct gnttab_unmap_and_replace} in grant_table.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     8  host_addr  caller: as mapped
 *        8     8  new_addr   caller: where the other page is mapped now
 *       16     4  handle     caller: from the mapping
 *       20     2  status     monitor: a GNTST_* number
 * </pre>
 */
public final class GnttabUnmapAndReplace {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long HOST_ADDR = 0;
    public static final long NEW_ADDR = 8;
    public static final long HANDLE = 16;
    public static final long STATUS = 20;

    private GnttabUnmapAndReplace() {}

    public static long hostAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + HOST_ADDR);
    }

    public static void hostAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + HOST_ADDR, value);
    }

    public static long newAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NEW_ADDR);
    }

    public static void newAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NEW_ADDR, value);
    }

    public static int handle(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + HANDLE);
    }

    public static void handle(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + HANDLE, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
