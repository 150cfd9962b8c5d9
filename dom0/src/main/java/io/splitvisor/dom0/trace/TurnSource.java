// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.Sequencer;
import com.lmax.disruptor.SingleProducerSequencer;
import io.splitvisor.monitor.trace.TracedCall;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/**
 * The turns of one vCPU, from the loop that serves its ring to the writing thread. A Disruptor whose entries are words: a turn is one
 * word for its time and how many calls follow, and the calls as {@link TracedCall} packs them. Nobody else writes here, and nobody is
 * woken.
 *
 * <p>A turn of one call, or of one that is repeated, has a third word, its run: how often the call was made again in the next turns, and
 * how much later. The loop counts there until the writing thread seals it. So in a row of equal calls it writes to the same
 * place for some microseconds: each place that is new costs it a cache line that the other thread has.
 */
final class TurnSource implements TraceSource {
    private static final int COUNT_BITS = Byte.SIZE;
    private static final int COUNT_MASK = (1 << COUNT_BITS) - 1;

    /** A call is counted with the one before for so long. */
    static final long RUN_NANOS = 10_000;

    /** What a run keeps: how much later its last call was, how often it was made again, and whether it is over. */
    private static final VarHandle RUN = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int SPAN_SHIFT = Integer.SIZE;
    private static final long TIMES_MASK = (1L << SPAN_SHIFT) - 1;
    private static final int MOST_TIMES = 0xffff;
    private static final long SEALED = Long.MIN_VALUE;
    private static final long NO_CALL = -1;

    private final int domid;
    private final int vcpu;
    private final long origin;
    private final LongAdder dropped;
    private final long[] words;
    private final SingleProducerSequencer places;
    private final Sequence taken = new Sequence(Sequencer.INITIAL_CURSOR_VALUE);

    // The loop's: the run that goes on.
    private long runCall = NO_CALL;
    private long runNanos;
    private int runAt;
    private long run;

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
        if (count == 1 && goesOn(calls[0], nanos)) {
            return;
        }
        int length = count == 1 ? 3 : 1 + count;
        if (!places.hasAvailableCapacity(length)) {
            for (int i = 0; i < count; i++) {
                dropped.add(TracedCall.times(calls[i]));
            }
            return;
        }
        long last = places.next(length);
        long at = last - length + 1;
        words[index(at++)] = nanos - origin << COUNT_BITS | count;
        for (int i = 0; i < count; i++) {
            words[index(at++)] = calls[i];
        }
        runCall = NO_CALL;
        if (count == 1) {
            runCall = TracedCall.once(calls[0]);
            runNanos = nanos;
            runAt = index(last);
            run = 0;
            words[runAt] = 0;
        }
        places.publish(last);
    }

    /** Counts a turn with the one before, if it is the same call, and soon. */
    private boolean goesOn(long call, long nanos) {
        long span = nanos - runNanos;
        if (TracedCall.once(call) != runCall || span > RUN_NANOS || span < 0) {
            return false;
        }
        long times = (run & TIMES_MASK) + TracedCall.times(call);
        long more = span << SPAN_SHIFT | times;
        if (times > MOST_TIMES || !RUN.compareAndSet(words, runAt, run, more)) {
            return false;
        }
        run = more;
        return true;
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
        int count = (int) word(next++) & COUNT_MASK;
        if (count == 1) {
            long call = word(next++);
            long over = (long) RUN.getAndBitwiseOr(words, index(next++), SEALED) & ~SEALED;
            writer.call(domid, vcpu, call, nanos, (int) (over & TIMES_MASK), over >> SPAN_SHIFT);
        } else {
            for (; count > 0; count--) {
                writer.call(domid, vcpu, word(next++), nanos, 0, 0);
            }
        }
    }

    private long word(long at) {
        return words[index(at)];
    }

    private int index(long at) {
        return (int) at & words.length - 1;
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
