// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.Sequencer;
import com.lmax.disruptor.SingleProducerSequencer;
import io.splitvisor.monitor.trace.TracedCall;
import java.util.concurrent.atomic.LongAdder;

/**
 * The turns of one vCPU, from the loop that serves its ring to the writing thread. A Disruptor whose entries are words: a turn is one
 * word for its time and how many follow, and the calls as {@link TracedCall} packs them. So whoever tells writes two words for a turn
 * of equal calls, and publishes them with one store; nobody else writes here, and nobody is woken.
 */
final class TurnSource implements TraceSource {
    private static final int COUNT_BITS = Byte.SIZE;
    private static final int COUNT_MASK = (1 << COUNT_BITS) - 1;

    private final int domid;
    private final int vcpu;
    private final long origin;
    private final LongAdder dropped;
    private final long[] words;
    private final SingleProducerSequencer places;
    private final Sequence taken = new Sequence(Sequencer.INITIAL_CURSOR_VALUE);

    // The writing thread's.
    private long next = Sequencer.INITIAL_CURSOR_VALUE + 1;
    private long seen = Sequencer.INITIAL_CURSOR_VALUE;

    private volatile boolean ended;

    /**
     * @param origin times are kept relative to this one, by 56 bits
     * @param dropped counts what does not fit
     * @param capacity in words; a power of two
     */
    TurnSource(int domid, int vcpu, long origin, LongAdder dropped, int capacity) {
        this.domid = domid;
        this.vcpu = vcpu;
        this.origin = origin;
        this.dropped = dropped;
        this.words = new long[capacity];
        // The strategy is for those who wait here: there are none.
        this.places = new SingleProducerSequencer(capacity, new BusySpinWaitStrategy());
        places.addGatingSequences(taken);
    }

    /** Whose turns these are. */
    int domid() {
        return domid;
    }

    /** The loop's: a turn. */
    void turn(long nanos, long[] calls, int count) {
        int length = 1 + count;
        if (!places.hasAvailableCapacity(length)) {
            for (int i = 0; i < count; i++) {
                dropped.add(TracedCall.times(calls[i]));
            }
            return;
        }
        long last = places.next(length);
        long at = last - count;
        words[(int) at & words.length - 1] = (nanos - origin) << COUNT_BITS | count;
        for (int i = 0; i < count; i++) {
            words[(int) ++at & words.length - 1] = calls[i];
        }
        places.publish(last);
    }

    /** No more turns come: the ring is not served any more. */
    void end() {
        ended = true;
    }

    @Override
    public void look() {
        seen = places.getCursor();
    }

    @Override
    public boolean isEmpty() {
        return next > seen;
    }

    @Override
    public long nanos() {
        return origin + (word(next) >> COUNT_BITS);
    }

    @Override
    public void take(TraceWriter writer) {
        long nanos = nanos();
        for (int left = (int) word(next++) & COUNT_MASK; left > 0; left--) {
            writer.call(domid, vcpu, word(next++), nanos);
        }
    }

    private long word(long at) {
        return words[(int) at & words.length - 1];
    }

    @Override
    public long release() {
        long before = taken.get();
        taken.set(next - 1);
        return next - 1 - before;
    }

    @Override
    public boolean isOver() {
        return ended && next > places.getCursor();
    }
}
