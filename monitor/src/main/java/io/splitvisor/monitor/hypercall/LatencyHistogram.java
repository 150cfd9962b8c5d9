// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

/**
 * How long something took, in nanoseconds: eight buckets for each power of two, so that a value is told to within an
 * eighth. Written by one thread; others may read it meanwhile and see figures that are a moment old.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 3;
    private static final int SUB = 1 << SUB_BITS;

    /** Values from about 18 minutes on share the last bucket. */
    private static final int TOP_BIT = 40;

    private static final int BUCKETS = (TOP_BIT - SUB_BITS + 2) * SUB;

    private final long[] counts = new long[BUCKETS];
    private long total;
    private long max;

    /** Counts a value; a negative one, from a clock that went back, as 0. */
    public void record(long nanos) {
        long value = Math.max(nanos, 0);
        counts[bucket(value)]++;
        total++;
        if (value > max) {
            max = value;
        }
    }

    /** Adds what another one has counted. */
    public void add(LatencyHistogram other) {
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] += other.counts[i];
        }
        total += other.total;
        max = Math.max(max, other.max);
    }

    /** How many values there are. */
    public long total() {
        return total;
    }

    /** The largest value; 0 without values. */
    public long max() {
        return max;
    }

    /**
     * The value that this part of all values does not exceed; 0 without values.
     *
     * @param part from 0 to 1: 0.5 is the median
     */
    public long percentile(double part) {
        // Summed up again: the counts may be ahead of the total while somebody writes.
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        long rank = Math.max(1, (long) Math.ceil(part * sum));
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.min(highest(i), max);
            }
        }
        return 0;
    }

    private static int bucket(long value) {
        if (value < SUB) {
            return (int) value;
        }
        int top = Long.SIZE - 1 - Long.numberOfLeadingZeros(value);
        int index = (top - SUB_BITS + 1) * SUB + (int) (value >>> (top - SUB_BITS) & SUB - 1);
        return Math.min(index, BUCKETS - 1);
    }

    /** The highest value of a bucket. */
    private static long highest(int bucket) {
        if (bucket < SUB) {
            return bucket;
        }
        if (bucket == BUCKETS - 1) {
            return Long.MAX_VALUE;
        }
        int shift = bucket / SUB - 1;
        return (((long) (SUB + bucket % SUB) + 1) << shift) - 1;
    }
}
