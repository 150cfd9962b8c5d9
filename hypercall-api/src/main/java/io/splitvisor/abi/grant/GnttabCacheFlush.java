// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Cleans or invalidates cached bytes of a page. {@code struct gnttab_cache_flush} in grant_table.h.
 *
 * <pre>
 *   offset  size  field           written by
 *        0     8  a.dev_bus_addr  caller: the page, by its address for devices
 *        0     4  a.ref           caller: the page, by reference, if the operation says so
 *        8     2  offset          caller: first byte in the page
 *       10     2  length          caller: bytes
 *       12     4  op              caller: GNTTAB_CACHE_*
 * </pre>
 */
public final class GnttabCacheFlush {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long A_DEV_BUS_ADDR = 0;
    public static final long A_REF = 0;
    public static final long OFFSET = 8;
    public static final long LENGTH = 10;
    public static final long OP = 12;

    private GnttabCacheFlush() {}

    public static long aDevBusAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + A_DEV_BUS_ADDR);
    }

    public static void aDevBusAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + A_DEV_BUS_ADDR, value);
    }

    public static int aRef(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + A_REF);
    }

    public static void aRef(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + A_REF, value);
    }

    public static int offset(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + OFFSET));
    }

    public static void offset(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + OFFSET, (short) value);
    }

    public static int length(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + LENGTH));
    }

    public static void length(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + LENGTH, (short) value);
    }

    public static int op(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + OP);
    }

    public static void op(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + OP, value);
    }
}
