// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Takes what is at a guest frame away from it. {@code struct xen_remove_from_physmap} in memory.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  domid  caller: the domain, or DOMID_SELF
 *        8     8  gpfn   caller: the guest frame
 * </pre>
 */
public final class XenRemoveFromPhysmap {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long DOMID = 0;
    public static final long GPFN = 8;

    private XenRemoveFromPhysmap() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static long gpfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + GPFN);
    }

    public static void gpfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + GPFN, value);
    }
}
