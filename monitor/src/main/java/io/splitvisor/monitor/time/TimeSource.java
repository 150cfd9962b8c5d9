// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/** The host's clocks. Any thread. */
public interface TimeSource {
    /** System time: CLOCK_MONOTONIC in nanoseconds. */
    long nanos();

    /** Whether guests can read a cycle counter; if not, {@link #cycles} means nothing. */
    boolean hasCycles();

    /** The cycle counter that a guest reads by itself, unsigned. */
    long cycles();

    /** Whether the counter is the same on all processors, and runs at one rate. */
    boolean isStable();
}
