// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Where a vCPU finds the queues of its events, by the FIFO ABI. {@code struct evtchn_fifo_control_block} in
 * event_channel.h.
 *
 * <pre>
 *   offset  size  field     written by
 *        0     4  ready     both: bit n for queue n; the guest exchanges it with 0
 *        4     4  _rsvd     nobody
 *        8    64  head[16]  monitor: the first port of a queue that was empty
 * </pre>
 *
 * The structure starts at a multiple of 8. A queue's number is its priority, 0 the highest. Its further ports are linked by
 * their event words: {@link EventChannels}.
 */
public final class EvtchnFifoControlBlock {
    /** Bytes of the structure. */
    public static final int SIZE = 72;

    public static final long READY = 0;
    public static final long HEAD = 8;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private EvtchnFifoControlBlock() {}

    public static int readyAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + READY);
    }

    /** For the monitor: sets the bit of queue {@code index}; whether it was set already. A full fence. */
    public static boolean testAndSetReadyVolatile(MemorySegment memory, long at, int index) {
        int bit = 1 << index;
        return ((int) INT.getAndBitwiseOr(memory, at + READY, bit) & bit) != 0;
    }

    /** For the guest: takes the bits of all queues that have events. A full fence. */
    public static int takeReadyVolatile(MemorySegment memory, long at) {
        return (int) INT.getAndSet(memory, at + READY, 0);
    }

    /** The first port of queue {@code index}, after its ready bit was found set. */
    public static int headAcquire(MemorySegment memory, long at, int index) {
        return (int) INT.getAcquire(memory, at + HEAD + (long) index * Integer.BYTES);
    }

    /** For the monitor: the first port of queue {@code index}, before its ready bit is set. */
    public static void headRelease(MemorySegment memory, long at, int index, int port) {
        INT.setRelease(memory, at + HEAD + (long) index * Integer.BYTES, port);
    }
}
