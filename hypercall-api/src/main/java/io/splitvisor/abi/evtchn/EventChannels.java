// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Limits of the two event channel ABIs (event_channel.h, {@code EVTCHN_*}), and the FIFO ABI's event word: one of 4 bytes
 * for each port, in pages that the guest hands to the monitor. Both change it, by exchange only.
 */
public final class EventChannels {
    public static final int FIFO_PRIORITY_MAX = 0;
    public static final int FIFO_PRIORITY_DEFAULT = 7;
    public static final int FIFO_PRIORITY_MIN = 15;
    public static final int FIFO_MAX_QUEUES = 16;
    /** Bit number in an event word. */
    public static final int FIFO_PENDING = 31;
    /** Bit number in an event word. */
    public static final int FIFO_MASKED = 30;
    /** Bit number in an event word. */
    public static final int FIFO_LINKED = 29;
    /** Bit number in an event word. */
    public static final int FIFO_BUSY = 28;
    /** Bits of the link to the next event. */
    public static final int FIFO_LINK_BITS = 17;

    public static final int FIFO_LINK_MASK = 0x1ffff;
    /** Ports of the FIFO ABI. */
    public static final int FIFO_NR_CHANNELS = 131072;
    /** Ports of the two-level ABI for a 64-bit guest. */
    public static final int TWO_LEVEL_NR_CHANNELS = 4096;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private EventChannels() {}

    /** An event word. */
    public static int wordAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at);
    }

    /** Changes an event word; whether it was {@code expected}. A full fence. */
    public static boolean compareAndSetWordVolatile(MemorySegment memory, long at, int expected, int word) {
        return INT.compareAndSet(memory, at, expected, word);
    }
}
