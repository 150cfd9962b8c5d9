// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Why a domain shuts down. {@code struct sched_shutdown} in sched.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     4  reason  caller: a SHUTDOWN_* number
 * </pre>
 */
public final class SchedShutdown {
    /** Bytes of the structure. */
    public static final int SIZE = 4;

    public static final long REASON = 0;

    private SchedShutdown() {}

    public static int reason(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REASON);
    }

    public static void reason(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REASON, value);
    }
}
