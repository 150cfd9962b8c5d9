// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Chooses a port's FIFO queue. {@code struct evtchn_set_priority} in event_channel.h.
 *
 * <pre>
 *   offset  size  field     written by
 *        0     4  port      caller
 *        4     4  priority  caller: 0 is the most urgent, 15 the least
 * </pre>
 */
public final class EvtchnSetPriority {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long PORT = 0;
    public static final long PRIORITY = 4;

    private EvtchnSetPriority() {}

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }

    public static int priority(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PRIORITY);
    }

    public static void priority(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PRIORITY, value);
    }
}
