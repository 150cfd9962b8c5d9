// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Several pages of one space, each to a guest frame. {@code struct xen_add_to_physmap_batch} in memory.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  domid  caller: the domain, or DOMID_SELF
 *        2     2  space  caller: a XENMAPSPACE_* number
 *        4     2  size   caller: how many
 *        6     2  u      caller: the foreign domain, else 0
 *        8     8  idxs   caller: where the pages of the space are listed, 8 bytes each
 *       16     8  gpfns  caller: where the guest frames are listed, 8 bytes each
 *       24     8  errs   caller: where an error goes for each, 4 bytes
 * </pre>
 */
public final class XenAddToPhysmapBatch {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long DOMID = 0;
    public static final long SPACE = 2;
    public static final long PAGES = 4;
    public static final long U = 6;
    public static final long IDXS = 8;
    public static final long GPFNS = 16;
    public static final long ERRS = 24;

    private XenAddToPhysmapBatch() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int space(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + SPACE));
    }

    public static void space(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + SPACE, (short) value);
    }

    public static int pages(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + PAGES));
    }

    public static void pages(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + PAGES, (short) value);
    }

    public static int u(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + U));
    }

    public static void u(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + U, (short) value);
    }

    public static long idxs(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + IDXS);
    }

    public static void idxs(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + IDXS, value);
    }

    public static long gpfns(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + GPFNS);
    }

    public static void gpfns(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + GPFNS, value);
    }

    public static long errs(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ERRS);
    }

    public static void errs(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ERRS, value);
    }
}
