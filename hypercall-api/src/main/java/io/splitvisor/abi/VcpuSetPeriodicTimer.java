// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A timer that comes again and again. {@code struct vcpu_set_periodic_timer} in vcpu.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     8  period_ns  caller: nanoseconds between two events
 * </pre>
 */
public final class VcpuSetPeriodicTimer {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long PERIOD_NS = 0;

    private VcpuSetPeriodicTimer() {}

    public static long periodNs(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PERIOD_NS);
    }

    public static void periodNs(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PERIOD_NS, value);
    }
}
