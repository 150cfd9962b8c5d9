// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A port for a physical interrupt. {@code struct evtchn_bind_pirq} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  pirq   caller: the interrupt
 *        4     4  flags  caller: BIND_PIRQ__WILL_SHARE or 0
 *        8     4  port   monitor: the new port
 * </pre>
 */
public final class EvtchnBindPirq {
    /** Bytes of the structure. */
    public static final int SIZE = 12;

    public static final long PIRQ = 0;
    public static final long FLAGS = 4;
    public static final long PORT = 8;

    private EvtchnBindPirq() {}

    public static int pirq(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PIRQ);
    }

    public static void pirq(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PIRQ, value);
    }

    public static int flags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FLAGS);
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FLAGS, value);
    }

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }
}
