// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

/**
 * How long it pays to spin before sleeping. A wake-up across cores costs tens of microseconds, so spinning pays where the
 * next request comes sooner than that; where it does not, it only takes the core from somebody else. The budget grows when
 * work came while spinning or right after falling asleep, and shrinks when a spin ended in sleep all the same.
 *
 * <p>Confined to the loop's thread.
 */
final class SpinBudget {
    /** The longest spin: about one wake-up, the price that spinning saves. */
    static final long MAX_NANOS = 60_000;

    /** Below this nothing can be saved, but a peer that is just about to publish is still met. */
    static final long MIN_NANOS = 2_000;

    /** Work that comes this soon after falling asleep would have been met by a longer spin. */
    private static final long REGRET_NANOS = 120_000;

    private long nanos;

    SpinBudget() {
        this(MAX_NANOS);
    }

    SpinBudget(long start) {
        this.nanos = start;
    }

    long nanos() {
        return nanos;
    }

    /** Work came while spinning. */
    void hit() {
        nanos = Math.min(MAX_NANOS, nanos + (nanos >> 2));
    }

    /** Spun for nothing, and goes to sleep. */
    void miss() {
        nanos = Math.max(MIN_NANOS, nanos - (nanos >> 2));
    }

    /** Was woken after this time asleep. */
    void slept(long asleepNanos) {
        if (asleepNanos < REGRET_NANOS) {
            nanos = Math.min(MAX_NANOS, nanos << 1);
        }
    }
}
