// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Argument of memory_map: what lies where in guest-physical memory. {@code struct xen_memory_map} in memory.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     4  nr_entries  caller: room in the buffer; monitor: entries written
 *        8     8  buffer      caller: where the e820 entries go, 20 bytes each
 * </pre>
 */
public final class XenMemoryMap {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long NR_ENTRIES = 0;
    public static final long BUFFER = 8;

    private XenMemoryMap() {}

    public static int nrEntries(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_ENTRIES);
    }

    public static void nrEntries(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_ENTRIES, value);
    }

    public static long buffer(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + BUFFER);
    }

    public static void buffer(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + BUFFER, value);
    }
}
