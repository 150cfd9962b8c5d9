// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

import java.util.Arrays;

/** Latencies of the last reads, and how many there were; allocates nothing while it counts. */
final class Samples {
    private static final int KEPT = 1 << 18;

    private final long[] nanos = new long[KEPT];
    private long count;

    void add(long latencyNanos) {
        nanos[(int) (count++ & (KEPT - 1))] = latencyNanos;
    }

    Result over(long elapsedNanos) {
        int kept = (int) Math.min(count, KEPT);
        long[] sorted = Arrays.copyOf(nanos, kept);
        Arrays.sort(sorted);
        return new Result(count * 1e9 / elapsedNanos, at(sorted, 0.50), at(sorted, 0.99));
    }

    private static double at(long[] sorted, double fraction) {
        return sorted.length == 0 ? 0 : sorted[(int) (sorted.length * fraction)] / 1e3;
    }
}
