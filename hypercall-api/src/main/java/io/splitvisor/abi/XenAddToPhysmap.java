// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Puts a page of the monitor's, or another of the guest's, at a guest frame. {@code struct xen_add_to_physmap} in
 * memory.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  domid  caller: the domain, or DOMID_SELF
 *        2     2  size   caller: pages, for a range only
 *        4     4  space  caller: a XENMAPSPACE_* number
 *        8     8  idx    caller: which page of the space
 *       16     8  gpfn   caller: the guest frame
 * </pre>
 */
public final class XenAddToPhysmap {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long DOMID = 0;
    public static final long PAGES = 2;
    public static final long SPACE = 4;
    public static final long IDX = 8;
    public static final long GPFN = 16;

    private XenAddToPhysmap() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int pages(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + PAGES));
    }

    public static void pages(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + PAGES, (short) value);
    }

    public static int space(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + SPACE);
    }

    public static void space(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + SPACE, value);
    }

    public static long idx(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + IDX);
    }

    public static void idx(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + IDX, value);
    }

    public static long gpfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + GPFN);
    }

    public static void gpfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + GPFN, value);
    }
}
