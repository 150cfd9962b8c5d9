// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Argument of populate_physmap, increase_reservation and decrease_reservation. {@code struct
 * xen_memory_reservation} in memory.h.
 *
 * <pre>
 *   offset  size  field         written by
 *        0     8  extent_start  caller: where the frame numbers are
 *        8     8  nr_extents    caller
 *       16     4  extent_order  caller: log2 of the pages in an extent
 *       20     4  mem_flags     caller: XENMEMF_*
 *       24     2  domid         caller: the domain, or DOMID_SELF
 * </pre>
 */
public final class XenMemoryReservation {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long EXTENT_START = 0;
    public static final long NR_EXTENTS = 8;
    public static final long EXTENT_ORDER = 16;
    public static final long MEM_FLAGS = 20;
    public static final long DOMID = 24;

    private XenMemoryReservation() {}

    public static long extentStart(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + EXTENT_START);
    }

    public static void extentStart(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + EXTENT_START, value);
    }

    public static long nrExtents(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_EXTENTS);
    }

    public static void nrExtents(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_EXTENTS, value);
    }

    public static int extentOrder(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + EXTENT_ORDER);
    }

    public static void extentOrder(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + EXTENT_ORDER, value);
    }

    public static int memFlags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MEM_FLAGS);
    }

    public static void memFlags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MEM_FLAGS, value);
    }

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }
}
