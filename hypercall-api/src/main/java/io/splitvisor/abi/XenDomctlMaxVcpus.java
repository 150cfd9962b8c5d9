// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * How many vCPUs a domain has. {@code struct xen_domctl_max_vcpus} in domctl.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  max    caller
 * </pre>
 */
public final class XenDomctlMaxVcpus {
    /** Bytes of the structure. */
    public static final int SIZE = 4;

    public static final long MAX = 0;

    private XenDomctlMaxVcpus() {}

    public static int max(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX);
    }

    public static void max(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX, value);
    }
}
