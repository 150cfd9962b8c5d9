// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A timer that shuts the domain down unless poked. {@code struct sched_watchdog} in sched.h.
 *
 * <pre>
 *   offset  size  field    written by
 *        0     4  id       caller: 0 asks for a new one
 *        4     4  timeout  caller: seconds; 0 removes it
 * </pre>
 */
public final class SchedWatchdog {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long ID = 0;
    public static final long TIMEOUT = 4;

    private SchedWatchdog() {}

    public static int id(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + ID);
    }

    public static void id(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + ID, value);
    }

    public static int timeout(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + TIMEOUT);
    }

    public static void timeout(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + TIMEOUT, value);
    }
}
