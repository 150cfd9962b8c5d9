// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The most memory that a domain may have. {@code struct xen_domctl_max_mem} in domctl.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     8  max_memkb  caller: KiB
 * </pre>
 */
public final class XenDomctlMaxMem {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long MAX_MEMKB = 0;

    private XenDomctlMaxMem() {}

    public static long maxMemkb(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MAX_MEMKB);
    }

    public static void maxMemkb(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MAX_MEMKB, value);
    }
}
