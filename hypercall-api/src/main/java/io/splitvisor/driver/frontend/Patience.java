// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

/**
 * How many turns a thread spins for responses before it sleeps. While most waits end sooner, as many as a sleep costs: that is two
 * wake-ups, of the upcall's thread and of the one that waits, in which the back end runs out of work; so a device at work may
 * halt for a moment, for an interrupt of the host's, without sending its guest to sleep. While most waits last longer, hardly any.
 *
 * <p>Shared by threads without synchronization: a lost update costs a few turns, no more.
 */
final class Patience {
    static final int MOST = 2000;
    static final int LEAST = 16;

    /** A sleep this short was mostly the waking up: whoever was waited for was busy with this already. */
    private static final long REGRET_NANOS = 150_000;

    private final boolean alone = Runtime.getRuntime().availableProcessors() == 1;
    private int turns = MOST / 4;

    /** How many turns of {@link Thread#onSpinWait}; none on a machine with one processor. */
    int turns() {
        return alone ? 0 : turns;
    }

    /** What was waited for came while spinning. */
    void rewarded() {
        int now = turns;
        turns = Math.min(MOST, now + now / 4);
    }

    /** It did not. */
    void disappointed() {
        int now = turns;
        turns = Math.max(LEAST, now - now / 4);
    }

    /**
     * It came while the thread slept, after this time. Without this two ends that have got used to sleeping would never
     * notice that each only waits for the other to wake up.
     */
    void slept(long nanos) {
        if (nanos < REGRET_NANOS) {
            turns = Math.min(MOST, 2 * turns);
        }
    }
}
