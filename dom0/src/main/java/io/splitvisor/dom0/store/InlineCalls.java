// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/**
 * Decides whether a call that may wait for the device is made in the caller's thread all the same. As long as the page
 * cache has what it needs, the call takes a microsecond, which is less than a hand-over to another thread; but nobody says
 * beforehand when it has not. So slow calls close together send those of the next while to other threads. A single one
 * does not count: this thread may have lost its processor in the middle of it.
 */
final class InlineCalls {
    private static final long PENALTY_NANOS = 100_000_000;

    private static final int SLOW_SCORE = 8;
    private static final int MOST_SCORE = 12;

    private final long slowNanos;

    // Racy on purpose: a lost update costs one slow call.
    private int score;
    private boolean penalty;
    private long penaltyEnd;

    /** @param slowNanos what is slow */
    InlineCalls(long slowNanos) {
        this.slowNanos = slowNanos;
    }

    boolean allowed() {
        if (!penalty) {
            return true;
        }
        if (System.nanoTime() - penaltyEnd < 0) {
            return false;
        }
        penalty = false;
        score = 0;
        return true;
    }

    /** A call was made at once, and took so long. */
    void took(long nanos) {
        if (nanos <= slowNanos) {
            score = Math.max(0, score - 1);
            return;
        }
        score += SLOW_SCORE;
        if (score >= MOST_SCORE) {
            penaltyEnd = System.nanoTime() + PENALTY_NANOS;
            penalty = true;
        }
    }
}
