// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Adds a page to the FIFO ABI's event array. {@code struct evtchn_expand_array} in event_channel.h.
 *
 * <pre>
 *   offset  size  field      written by
 *        0     8  array_gfn  caller: guest frame of the new page
 * </pre>
 */
public final class EvtchnExpandArray {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long ARRAY_GFN = 0;

    private EvtchnExpandArray() {}

    public static long arrayGfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARRAY_GFN);
    }

    public static void arrayGfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARRAY_GFN, value);
    }
}
