// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Sleeps until one of the ports is pending. {@code struct sched_poll} in sched.h.
 *
 * <pre>
 *   offset  size  field     written by
 *        0     8  ports     caller: where nr_ports 32-bit port numbers are
 *        8     4  nr_ports  caller
 *       16     8  timeout   caller: system time in ns at which to wake; 0 is never
 * </pre>
 */
public final class SchedPoll {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long PORTS = 0;
    public static final long NR_PORTS = 8;
    public static final long TIMEOUT = 16;

    private SchedPoll() {}

    public static long ports(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PORTS);
    }

    public static void ports(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PORTS, value);
    }

    public static int nrPorts(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_PORTS);
    }

    public static void nrPorts(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_PORTS, value);
    }

    public static long timeout(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TIMEOUT);
    }

    public static void timeout(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TIMEOUT, value);
    }
}
