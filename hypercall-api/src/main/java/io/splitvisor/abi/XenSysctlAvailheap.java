// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Free memory. {@code struct xen_sysctl_availheap} in sysctl.h.
 *
 * <pre>
 *   offset  size  field         written by
 *        0     4  min_bitwidth  caller
 *        4     4  max_bitwidth  caller: 0 for any
 *        8     4  node          caller: -1 for any
 *       16     8  avail_bytes   monitor: bytes
 * </pre>
 */
public final class XenSysctlAvailheap {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long MIN_BITWIDTH = 0;
    public static final long MAX_BITWIDTH = 4;
    public static final long NODE = 8;
    public static final long AVAIL_BYTES = 16;

    private XenSysctlAvailheap() {}

    public static int minBitwidth(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MIN_BITWIDTH);
    }

    public static void minBitwidth(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MIN_BITWIDTH, value);
    }

    public static int maxBitwidth(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_BITWIDTH);
    }

    public static void maxBitwidth(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_BITWIDTH, value);
    }

    public static int node(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NODE);
    }

    public static void node(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NODE, value);
    }

    public static long availBytes(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + AVAIL_BYTES);
    }

    public static void availBytes(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + AVAIL_BYTES, value);
    }
}
