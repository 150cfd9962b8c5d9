// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Closes a port; an interdomain peer becomes unbound. {@code struct evtchn_close} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     4  port   caller
 * </pre>
 */
public final class EvtchnClose {
    /** Bytes of the structure. */
    public static final int SIZE = 4;

    public static final long PORT = 0;

    private EvtchnClose() {}

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }
}
