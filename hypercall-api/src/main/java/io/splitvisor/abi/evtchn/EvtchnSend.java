// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Sends an event to the other end of a port. {@code struct evtchn_send} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  port   caller: the local port
 * </pre>
 */
public final class EvtchnSend {
    /** Bytes of the structure. */
    public static final int SIZE = 4;

    public static final long PORT = 0;

    private EvtchnSend() {}

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }
}
