// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * How long to spin before sleeping: learns from how long the last waits took. A wait that ended while spinning moves the
 * limit towards twice its length; one that had to sleep makes it shorter, so that an idle guest hardly spins at all,
 * unless the sleep was so short that a longer spin would have been better.
 *
 * <p>Shared by threads without synchronization: a lost update costs a few turns, no more.
 */
public final class AdaptiveSpin {
    private static final int LEAST = 16;

    /** A sleep this short was mostly the waking up: whoever was waited for was busy with this already. */
    private static final long REGRET_NANOS = 150_000;

    private final int most;
    private int limit;

    /**
     * @param most the longest spin, in turns of {@link Thread#onSpinWait}; on a machine with one processor there is none
     */
    public AdaptiveSpin(int most) {
        this.most = Runtime.getRuntime().availableProcessors() == 1 ? 0 : most;
        this.limit = this.most / 4;
    }

    /** How many turns to spin now. */
    public int limit() {
        return limit;
    }

    /** What was waited for came after this many turns. */
    public void succeeded(int turns) {
        int now = limit;
        limit = Math.min(most, now + (2 * turns + LEAST - now) / 8 + 1);
    }

    /**
     * It came while the thread slept, after this time. Without this two ends that have got used to sleeping would never
     * notice that each only waits for the other to wake up.
     */
    public void slept(long nanos) {
        if (nanos < REGRET_NANOS) {
            limit = Math.min(most, 2 * limit + LEAST);
        }
    }

    /** It did not come in time. */
    public void failed() {
        int now = limit;
        limit = Math.max(Math.min(LEAST, most), now - now / 8);
    }
}
