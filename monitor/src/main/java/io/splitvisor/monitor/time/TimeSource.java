// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import java.time.Instant;

/** The host's clocks; as a lambda, one without a cycle counter. Any thread. */
@FunctionalInterface
public interface TimeSource {
    /** System time: CLOCK_MONOTONIC in nanoseconds. */
    long nanos();

    /**
     * What has to be added to system time to make it the wall clock, in nanoseconds since 1970: changes when somebody sets the
     * host's clock.
     */
    default long wallClockOffset() {
        // The two clocks close to each other: the second try is for a thread that lost its processor between them.
        long best = 0;
        long narrowest = Long.MAX_VALUE;
        for (int i = 0; i < 4 && narrowest > 100_000; i++) {
            long before = nanos();
            Instant wall = Instant.now();
            long width = nanos() - before;
            if (width < narrowest) {
                narrowest = width;
                best = wall.getEpochSecond() * 1_000_000_000 + wall.getNano() - (before + width / 2);
            }
        }
        return best;
    }

    /** Whether guests can read a cycle counter; if not, {@link #cycles} must not be asked for. */
    default boolean hasCycles() {
        return false;
    }

    /** The cycle counter that a guest reads by itself, unsigned. */
    default long cycles() {
        throw new IllegalStateException("there is no cycle counter");
    }

    /** Whether the counter is the same on all processors, and runs at one rate. */
    default boolean isStable() {
        return false;
    }
}
