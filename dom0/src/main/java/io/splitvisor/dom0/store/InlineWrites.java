// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/**
 * Decides whether a buffered write is made in the caller's thread. It takes a microsecond as long as the page cache has
 * room, which is less than a hand-over to another thread; but it waits for the device when the kernel throttles writers.
 * So one slow write sends those of the next while to other threads.
 */
final class InlineWrites {
    private static final long SLOW_NANOS = 1_000_000;
    private static final long PENALTY_NANOS = 100_000_000;

    /** Racy on purpose: a stale value costs one slow write. */
    private volatile boolean penalty;

    private volatile long penaltyEnd;

    boolean allowed() {
        if (!penalty) {
            return true;
        }
        if (System.nanoTime() - penaltyEnd < 0) {
            return false;
        }
        penalty = false;
        return true;
    }

    void took(long nanos) {
        if (nanos > SLOW_NANOS) {
            penaltyEnd = System.nanoTime() + PENALTY_NANOS;
            penalty = true;
        }
    }
}
