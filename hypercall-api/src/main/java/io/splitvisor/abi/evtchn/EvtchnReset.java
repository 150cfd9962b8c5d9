// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Closes all ports of a domain. {@code struct evtchn_reset} in event_channel.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     2  dom    caller: the domain, or DOMID_SELF
 * </pre>
 */
public final class EvtchnReset {
    /** Bytes of the structure. */
    public static final int SIZE = 2;

    public static final long DOM = 0;

    private EvtchnReset() {}

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }
}
