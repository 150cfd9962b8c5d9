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
 * The turns of one vCPU, or the events of one domain, from the loop that serves it to the writing thread. A Disruptor whose entries
 * are words, since each cache line that is written here has to come from the other thread's processor. Nobody else writes here, and
 * nobody is woken.
 *
 * <p>An entry begins with a word for its time and the number of its calls. Several calls follow as {@link CallWords}. No call is an
 * event, whose port follows. One call follows as {@link TracedCall} packs it, and then its run: how often it was made again in
 * the next turns, and how much later. The loop counts there until the writing thread seals it, so in a row of equal calls it
 * writes to the same place for some microseconds.
 */
final class LoopSource implements TraceSource {
    /** A call is counted with the one before for so long. */
    static final long RUN_NANOS = 10_000;

    private static final int COUNT_BITS = Byte.SIZE;
    private static final int COUNT_MASK = (1 << COUNT_BITS) - 1;

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
    private final TraceLoop loop;
    private final LongAdder dropped;
    private final long[] words;
    private final SingleProducerSequencer places;
    private final Sequence taken = new Sequence(Sequencer.INITIAL_CURSOR_VALUE);

    // The loop's: the run that goes on, and calls before they have their place.
    private long runCall = NO_CALL;
    private long runNanos;
    private int runAt;
    private long run;
    private final CallWords packer = new CallWords();
    private final long[] packed = new long[CallWords.MOST];

    // The writing thread's.
    private long next = Sequencer.INITIAL_CURSOR_VALUE + 1;
    private long seen = Sequencer.INITIAL_CURSOR_VALUE;
    private final CallWords unpacker = new CallWords();
    private final long[] found = new long[CallWords.MOST];
    private final long[] calls = new long[TracedCall.MOST_A_TURN];

    private volatile boolean ended;

    /**
     * @param vcpu whose turns these are; any for events
     * @param origin times are kept relative to this one, by 56 bits
     * @param dropped counts what does not fit
     * @param capacity in words; a power of two
     */
    LoopSource(int domid, int vcpu, long origin, TraceLoop loop, LongAdder dropped, int capacity) {
        this.domid = domid;
        this.vcpu = vcpu;
        this.origin = origin;
        this.loop = loop;
        this.dropped = dropped;
        this.words = new long[capacity];
        // The strategy is for those who wait here: there are none.
        this.places = new SingleProducerSequencer(capacity, new BusySpinWaitStrategy());
        places.addGatingSequences(taken);
    }

    /** Whose turns or events these are. */
    int domid() {
        return domid;
    }

    /** The loop's: a turn, of one call or more. */
    void turn(long[] told, int count) {
        if (count == 1) {
            if (!goesOn(told[0])) {
                begin(told[0]);
            }
            return;
        }
        runCall = NO_CALL;
        if (hasRoom(1 + CallWords.MOST)) {
            int length = packer.pack(told, count, packed);
            long last = claim(1 + length, loop.now().getAsLong(), count);
            for (int i = 0; i < length; i++) {
                words[index(last - length + 1 + i)] = packed[i];
            }
            places.publish(last);
        } else {
            for (int i = 0; i < count; i++) {
                dropped.add(TracedCall.times(told[i]));
            }
        }
    }

    /** The loop's: an event. */
    void event(int port) {
        if (hasRoom(2)) {
            long last = claim(2, loop.now().getAsLong(), 0);
            words[index(last)] = port;
            places.publish(last);
        } else {
            dropped.increment();
        }
    }

    /** Counts a turn with the one before, if it is the same call, and soon: what the loop knows of the time is good enough for that. */
    private boolean goesOn(long call) {
        if (TracedCall.once(call) != runCall) {
            return false;
        }
        long span = Math.max(loop.looked().getAsLong() - runNanos, run >> SPAN_SHIFT);
        if (span > RUN_NANOS) {
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

    private void begin(long call) {
        runCall = NO_CALL;
        if (hasRoom(3)) {
            runNanos = loop.now().getAsLong();
            long last = claim(3, runNanos, 1);
            words[index(last - 1)] = call;
            words[index(last)] = 0;
            runCall = TracedCall.once(call);
            runAt = index(last);
            run = 0;
            places.publish(last);
        } else {
            dropped.add(TracedCall.times(call));
        }
    }

    private boolean hasRoom(int length) {
        return places.hasAvailableCapacity(length);
    }

    /** Takes places and writes the first; the last one's number. */
    private long claim(int length, long nanos, int count) {
        long last = places.next(length);
        words[index(last - length + 1)] = nanos - origin << COUNT_BITS | count;
        return last;
    }

    private int index(long at) {
        return (int) at & words.length - 1;
    }

    /** Nothing more comes: the domain is not served any more. */
    void end() {
        ended = true;
    }

    @Override
    public double look() {
        seen = places.getCursor();
        return (double) (seen - taken.get()) / words.length;
    }

    @Override
    public boolean isEmpty() {
        return next > seen;
    }

    @Override
    public long nanos() {
        return origin + (words[index(next)] >> COUNT_BITS);
    }

    @Override
    public void take(TraceWriter writer) {
        long nanos = nanos();
        int count = (int) words[index(next++)] & COUNT_MASK;
        switch (count) {
            case 0 -> writer.event(domid, (int) words[index(next++)], nanos);
            case 1 -> {
                long call = words[index(next++)];
                long over = (long) RUN.getAndBitwiseOr(words, index(next++), SEALED);
                writer.call(domid, vcpu, call, nanos, (int) (over & TIMES_MASK), over >> SPAN_SHIFT);
            }
            default -> {
                for (int i = 0; i < found.length; i++) {
                    found[i] = words[index(next + i)];
                }
                next += unpacker.unpack(found, count, calls);
                for (int i = 0; i < count; i++) {
                    writer.call(domid, vcpu, calls[i], nanos, 0, 0);
                }
            }
        }
    }

    @Override
    public void release() {
        taken.set(next - 1);
    }

    @Override
    public boolean isOver() {
        return ended && next > places.getCursor();
    }
}
