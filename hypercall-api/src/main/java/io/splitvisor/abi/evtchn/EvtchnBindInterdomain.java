// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Connects a new local port with an unbound port of another domain; pends the local port once. {@code struct
 * evtchn_bind_interdomain} in event_channel.h.
 *
 * <pre>
 *   offset  size  field        written by
 *        0     2  remote_dom   caller
 *        4     4  remote_port  caller
 *        8     4  local_port   monitor: the new port
 * </pre>
 */
public final class EvtchnBindInterdomain {
    /** Bytes of the structure. */
    public static final int SIZE = 12;

    public static final long REMOTE_DOM = 0;
    public static final long REMOTE_PORT = 4;
    public static final long LOCAL_PORT = 8;

    private EvtchnBindInterdomain() {}

    public static int remoteDom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + REMOTE_DOM));
    }

    public static void remoteDom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + REMOTE_DOM, (short) value);
    }

    public static int remotePort(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REMOTE_PORT);
    }

    public static void remotePort(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REMOTE_PORT, value);
    }

    public static int localPort(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + LOCAL_PORT);
    }

    public static void localPort(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + LOCAL_PORT, value);
    }
}
