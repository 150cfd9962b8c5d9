// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.dom0.store.StoreRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What one ring did. The loop counts, without locks or locked instructions because it is the only one that does; anybody
 * may look.
 */
final class QueueStatistics {
    /** Counters, in the order of {@link BlockStatistics}. */
    enum Counter {
        READS,
        WRITES,
        FLUSHES,
        DISCARDS,
        ERRORS,
        READ_SECTORS,
        WRITE_SECTORS,
        LATENCY_NANOS
    }

    private static final int COUNTERS = Counter.values().length;

    /** The counters, then how many requests took 2^i to 2^(i+1) nanoseconds. */
    private final AtomicLongArray values = new AtomicLongArray(COUNTERS + Long.SIZE);

    private long clock = System.nanoTime();

    void add(Counter counter, long amount) {
        bump(counter.ordinal(), amount);
    }

    /** Notes when a batch came, and answers the time as of the last look: one request's end is the next one's beginning. */
    long batch(long time) {
        if (time - clock > 0) {
            clock = time;
        }
        return clock;
    }

    /** A request was done at once. A clock that the store looked at is not looked at again. */
    void finished(StoreRequest request) {
        clock = request.finished() != clock ? request.finished() : System.nanoTime();
    }

    /** A request is answered. */
    void latency(StoreRequest request) {
        long nanos = Math.max(0, clock - request.started());
        bump(Counter.LATENCY_NANOS.ordinal(), nanos);
        bump(COUNTERS + Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos | 1), 1);
    }

    private void bump(int index, long amount) {
        values.setOpaque(index, values.getPlain(index) + amount);
    }

    /** Adds everything to a table of the same order. */
    void addTo(long[] totals) {
        for (int i = 0; i < totals.length; i++) {
            totals[i] += values.getOpaque(i);
        }
    }

    static int width() {
        return COUNTERS + Long.SIZE;
    }

    /** What all the queues of a disk did, those of connections that are over included. Thread-safe. */
    static final class Totals {
        private final long[] retired = new long[width()];
        private final List<QueueStatistics> queues = new ArrayList<>();

        synchronized QueueStatistics newQueue() {
            QueueStatistics queue = new QueueStatistics();
            queues.add(queue);
            return queue;
        }

        synchronized void retire(QueueStatistics queue) {
            queue.addTo(retired);
            queues.remove(queue);
        }

        synchronized long[] values() {
            long[] values = retired.clone();
            queues.forEach(queue -> queue.addTo(values));
            return values;
        }
    }
}
