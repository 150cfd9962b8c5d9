// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A timer that comes once. {@code struct vcpu_set_singleshot_timer} in vcpu.h.
 *
 * <pre>
 *   offset  size  field           written by
 *        0     8  timeout_abs_ns  caller: the system time at which it comes
 *        8     4  flags           caller: VCPU_SSHOTTMR_*
 * </pre>
 */
public final class VcpuSetSingleshotTimer {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long TIMEOUT_ABS_NS = 0;
    public static final long FLAGS = 8;

    /** Bit of {@code flags}: -ETIME for a time that has passed ({@code VCPU_SSHOTTMR_future}). */
    public static final int FUTURE = 1;

    private VcpuSetSingleshotTimer() {}

    public static long timeoutAbsNs(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TIMEOUT_ABS_NS);
    }

    public static void timeoutAbsNs(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TIMEOUT_ABS_NS, value);
    }

    public static int flags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FLAGS);
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FLAGS, value);
    }
}
