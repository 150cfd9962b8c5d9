// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Argument of current_reservation, maximum_reservation and maximum_gpfn. {@code struct xen_memory_domain} in
 * memory.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  domid  caller: the domain, or DOMID_SELF
 * </pre>
 */
public final class XenMemoryDomain {
    /** Bytes of the structure. */
    public static final int SIZE = 2;

    public static final long DOMID = 0;

    private XenMemoryDomain() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }
}
