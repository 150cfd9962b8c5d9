// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A port in {@code dom} that {@code remote_dom} may bind to. {@code struct evtchn_alloc_unbound} in
 * event_channel.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     2  dom         caller: owner of the new port, or DOMID_SELF
 *        2     2  remote_dom  caller: who may bind, or DOMID_SELF
 *        4     4  port        monitor: the new port
 * </pre>
 */
public final class EvtchnAllocUnbound {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long DOM = 0;
    public static final long REMOTE_DOM = 2;
    public static final long PORT = 4;

    private EvtchnAllocUnbound() {}

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }

    public static int remoteDom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + REMOTE_DOM));
    }

    public static void remoteDom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + REMOTE_DOM, (short) value);
    }

    public static int port(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PORT);
    }

    public static void port(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PORT, value);
    }
}
