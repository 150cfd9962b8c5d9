// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

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
        NOTIFICATIONS_SENT,
        NOTIFICATIONS_AVOIDED,
        LATENCY_NANOS
    }

    private static final int COUNTERS = Counter.values().length;

    /** The counters, then how many requests took 2^i to 2^(i+1) nanoseconds. */
    private final AtomicLongArray values = new AtomicLongArray(COUNTERS + Long.SIZE);

    void add(Counter counter, long amount) {
        bump(counter.ordinal(), amount);
    }

    void latency(long nanos) {
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
}
