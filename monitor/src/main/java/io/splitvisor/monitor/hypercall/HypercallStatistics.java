// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.hypercall.HypercallOp;
import java.util.function.LongSupplier;

/**
 * What a hypercall ring has done: calls and errors of each operation, how long calls took, and how many a turn found.
 * Written by the loop that serves the ring, without order: others that read it see figures that are a moment old, and may
 * differ by a call between each other.
 *
 * <p>Every call is counted; its time is a sample, since a look at the clock costs as much as a simple call. Timed are all
 * calls of the first {@value #TURNS_PER_TIMED_TURN} turns and of one in so many from then on, from the end of the call before; and
 * each call that did not end in its first slice, from the end of that slice.
 */
public final class HypercallStatistics {
    /** So many turns are timed, then one of so many. A power of two. */
    public static final int TURNS_PER_TIMED_TURN = 64;

    /** The row of calls that no operation stands behind: refused with -ENOSYS, or before their command was known. */
    public static final int UNKNOWN = HypercallOp.values().length;

    /** Rows: the operations by their ordinal, then {@link #UNKNOWN}. */
    public static final int ROWS = UNKNOWN + 1;

    /** Batch sizes 1, 2, 3-4, 5-8 and so on, up to the 128 of a full ring. */
    public static final int BATCH_SIZES = 8;

    private final LongSupplier clock;
    private final long[] calls = new long[ROWS];
    private final long[] errors = new long[ROWS];
    private final LatencyHistogram[] latencies = new LatencyHistogram[ROWS];
    private final long[] batches = new long[BATCH_SIZES];
    private long total;
    private long turns;
    private long publications;
    private long preemptions;

    /** Whether this turn's calls are timed, and when the last one ended. */
    private boolean timed;

    private long last;

    /** The call under way did not end in its first slice, which ended then. */
    private boolean held;

    private long heldSince;

    /** Nothing so far, on the host's clock. */
    public HypercallStatistics() {
        this(System::nanoTime);
    }

    /** Nothing so far, on another clock. */
    HypercallStatistics(LongSupplier clock) {
        this.clock = clock;
    }

    /** A turn has something to do. */
    void turn(int found) {
        turns++;
        if (found > 0) {
            batches[Math.min(Integer.SIZE - Integer.numberOfLeadingZeros(found - 1), BATCH_SIZES - 1)]++;
        }
        timed = turns <= TURNS_PER_TIMED_TURN || (turns & TURNS_PER_TIMED_TURN - 1) == 0;
        if (timed) {
            last = clock.getAsLong();
        }
    }

    /** A call has its result. */
    void served(int row, long result) {
        total++;
        calls[row]++;
        if (result < 0) {
            errors[row]++;
        }
        if (timed || held) {
            time(row);
        }
    }

    private void time(int row) {
        long now = clock.getAsLong();
        LatencyHistogram latency = latencies[row];
        if (latency == null) {
            // Once for each operation that a vCPU uses.
            latency = new LatencyHistogram();
            latencies[row] = latency;
        }
        latency.record(now - (held ? heldSince : last));
        held = false;
        last = now;
    }

    /** A call has no result yet: it goes on in the next slice, or waits. */
    void preempted() {
        if (!held) {
            held = true;
            preemptions++;
            heldSince = timed ? last : clock.getAsLong();
        }
    }

    /** Results were published. */
    void published() {
        publications++;
    }

    /** Adds what another ring has counted. */
    public void add(HypercallStatistics other) {
        for (int row = 0; row < ROWS; row++) {
            calls[row] += other.calls[row];
            errors[row] += other.errors[row];
            LatencyHistogram more = other.latencies[row];
            if (more != null) {
                if (latencies[row] == null) {
                    latencies[row] = new LatencyHistogram();
                }
                latencies[row].add(more);
            }
        }
        for (int i = 0; i < BATCH_SIZES; i++) {
            batches[i] += other.batches[i];
        }
        total += other.total;
        turns += other.turns;
        publications += other.publications;
        preemptions += other.preemptions;
    }

    /** All calls that have had their result. */
    public long total() {
        return total;
    }

    /** The calls of a row. */
    public long calls(int row) {
        return calls[row];
    }

    /** Those of them that ended with a negative result. */
    public long errors(int row) {
        return errors[row];
    }

    /** How long the timed calls of a row took; null if there are none. */
    public LatencyHistogram latency(int row) {
        return latencies[row];
    }

    /** Turns that found something to do. */
    public long turns() {
        return turns;
    }

    /** Turns that published results: so often the guest might have been woken. */
    public long publications() {
        return publications;
    }

    /** Calls that did not end in their first slice. */
    public long preemptions() {
        return preemptions;
    }

    /** Turns that found so many new calls: 1, 2, 3-4, 5-8 and so on. */
    public long batches(int size) {
        return batches[size];
    }
}
