// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

/**
 * What a domain's hypercalls may use of a loop while other domains move data: bursts, with pauses in between that are long enough
 * for the caller to go to sleep. A caller that is served all the time spins for its results all the time, and on a host with few
 * processors whoever waits for a disk then waits for a processor, too.
 *
 * <p>Credit comes with time, an eighth of what passes. Once it is used up, nothing is served before it is whole again.
 */
final class HypercallCredit {
    /** A burst: a thousand simple calls. Whoever waits for a processor that the caller has waits for its end. */
    static final long BURST_NANOS = 25_000;

    /** Of the time that passes, one part in so many is credit. */
    static final int SHARE = 8;

    private long credit = BURST_NANOS;
    private long counted;
    private boolean spent;

    /**
     * Whether hypercalls may be served.
     *
     * @param othersMoveData if not, there is no limit
     */
    boolean mayRun(long now, boolean othersMoveData) {
        if (othersMoveData) {
            credit = Math.min(BURST_NANOS, credit + (now - counted) / SHARE);
        } else {
            credit = BURST_NANOS;
        }
        counted = now;
        spent &= credit < BURST_NANOS;
        return !spent;
    }

    /** How long until they may be, as it looks now. */
    long pause() {
        return spent ? (BURST_NANOS - credit) * SHARE : 0;
    }

    /** Hypercalls have taken so long. */
    void charge(long nanos) {
        credit -= nanos;
        spent |= credit <= 0;
    }
}
