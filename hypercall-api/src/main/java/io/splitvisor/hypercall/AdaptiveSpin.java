// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * How long to spin before sleeping: learns from how long the last waits took. A wait that ended while spinning moves the
 * limit towards twice its length; one that had to sleep makes it shorter, so that an idle guest hardly spins at all.
 *
 * <p>Shared by threads without synchronization: a lost update costs a few turns, no more.
 */
public final class AdaptiveSpin {
    private static final int LEAST = 16;

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

    /** It did not come in time. */
    public void failed() {
        int now = limit;
        limit = Math.max(Math.min(LEAST, most), now - now / 8);
    }
}
