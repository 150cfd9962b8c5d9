// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a log has counted. {@code struct xen_domctl_shadow_op_stats} in domctl.h.
 *
 * <pre>
 *   offset  size  field        written by
 *        0     4  fault_count  monitor: faults of the log
 *        4     4  dirty_count  monitor: frames changed
 * </pre>
 */
public final class XenDomctlShadowOpStats {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long FAULT_COUNT = 0;
    public static final long DIRTY_COUNT = 4;

    private XenDomctlShadowOpStats() {}

    public static int faultCount(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FAULT_COUNT);
    }

    public static void faultCount(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FAULT_COUNT, value);
    }

    public static int dirtyCount(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + DIRTY_COUNT);
    }

    public static void dirtyCount(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + DIRTY_COUNT, value);
    }
}
