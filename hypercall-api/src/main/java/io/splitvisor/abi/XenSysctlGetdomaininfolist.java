// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Many domains at once. {@code struct xen_sysctl_getdomaininfolist} in sysctl.h.
 *
 * <pre>
 *   offset  size  field         written by
 *        0     2  first_domain  caller: from this number on
 *        4     4  max_domains   caller: room in the buffer
 *        8     8  buffer        caller: where a {@link XenDomctlGetdomaininfo} of each goes
 *       16     4  num_domains   monitor: how many there are
 * </pre>
 */
public final class XenSysctlGetdomaininfolist {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long FIRST_DOMAIN = 0;
    public static final long MAX_DOMAINS = 4;
    public static final long BUFFER = 8;
    public static final long NUM_DOMAINS = 16;

    private XenSysctlGetdomaininfolist() {}

    public static int firstDomain(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + FIRST_DOMAIN));
    }

    public static void firstDomain(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + FIRST_DOMAIN, (short) value);
    }

    public static int maxDomains(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_DOMAINS);
    }

    public static void maxDomains(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_DOMAINS, value);
    }

    public static long buffer(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + BUFFER);
    }

    public static void buffer(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + BUFFER, value);
    }

    public static int numDomains(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NUM_DOMAINS);
    }

    public static void numDomains(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NUM_DOMAINS, value);
    }
}
