// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.Sequencer;
import java.util.concurrent.atomic.LongAdder;

/** Events of all domains, from threads that are in no loop to the writing thread. */
final class EventSource implements TraceSource {
    /** An event. */
    private static final class Slot {
        private int domid;
        private int port;
        private long nanos;
    }

    private final LongAdder dropped;
    private final RingBuffer<Slot> ring;
    private final Sequence taken = new Sequence(Sequencer.INITIAL_CURSOR_VALUE);

    // The writing thread's.
    private long next = Sequencer.INITIAL_CURSOR_VALUE + 1;
    private long seen = Sequencer.INITIAL_CURSOR_VALUE;

    /**
     * @param dropped counts what does not fit
     * @param slots a power of two
     */
    EventSource(LongAdder dropped, int slots) {
        this.dropped = dropped;
        // The strategy is for those who wait here: there are none.
        this.ring = RingBuffer.createMultiProducer(Slot::new, slots, new BusySpinWaitStrategy());
        ring.addGatingSequences(taken);
    }

    /** The sender's: an event. */
    void event(int domid, int port) {
        long at = claim();
        if (at < 0) {
            dropped.increment();
            return;
        }
        Slot slot = ring.get(at);
        slot.domid = domid;
        slot.port = port;
        slot.nanos = System.nanoTime();
        ring.publish(at);
    }

    private long claim() {
        if (!ring.hasAvailableCapacity(1)) {
            return -1;
        }
        try {
            return ring.tryNext();
        } catch (InsufficientCapacityException _) {
            // Somebody else took the last one. The exception is a constant.
            return -1;
        }
    }

    @Override
    public double look() {
        long claimed = ring.getCursor();
        while (seen < claimed && ring.isAvailable(seen + 1)) {
            seen++;
        }
        return (double) (seen - taken.get()) / ring.getBufferSize();
    }

    @Override
    public boolean isEmpty() {
        return next > seen;
    }

    @Override
    public long nanos() {
        return ring.get(next).nanos;
    }

    @Override
    public void take(TraceWriter writer) {
        Slot slot = ring.get(next++);
        writer.event(slot.domid, slot.port, slot.nanos);
    }

    @Override
    public void release() {
        taken.set(next - 1);
    }

    @Override
    public boolean isOver() {
        return false;
    }
}
