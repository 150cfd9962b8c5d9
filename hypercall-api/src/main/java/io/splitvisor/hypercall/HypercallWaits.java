// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import java.util.concurrent.locks.LockSupport;

/**
 * How threads wait for their batches in a vCPU's ring: they spin as long as that has paid lately, then sleep. The upcall
 * thread sleeps on the bell, the others park until somebody takes their last response out of the ring.
 */
final class HypercallWaits {
    static final long FIRST_PARK_NANOS = 100_000;

    private static final int SPIN_TURNS = 2000;

    /** A mask: turns between two offers of the processor to somebody else. */
    private static final int TURNS_PER_LOOK = 255;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long LONGEST_PARK_NANOS = 50_000_000;

    private final HypercallRing ring;
    private final UpcallSleep sleep;
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);

    HypercallWaits(HypercallRing ring, UpcallSleep sleep) {
        this.ring = ring;
        this.sleep = sleep;
    }

    /** How long to park after a park of this length that was in vain. */
    static long longer(long nanos) {
        return Math.min(2 * nanos, LONGEST_PARK_NANOS);
    }

    /** Waits for a batch for some time, not counting the spin; it may still be under way afterwards. */
    void await(HypercallBatch batch, HypercallWait how, long nanos) {
        boolean done =
                switch (how) {
                    case SPIN -> spinFor(batch, Long.MAX_VALUE, nanos);
                    case ADAPTIVE -> spinFor(batch, spin.limit(), nanos);
                    case SLEEP -> batch.isComplete();
                };
        if (done || how == HypercallWait.SPIN) {
            return;
        }
        long start = System.nanoTime();
        if (sleep.isOwner()) {
            sleepFor(batch, start, nanos);
        } else {
            parkFor(batch, start, nanos);
        }
        spin.slept(System.nanoTime() - start);
    }

    private boolean spinFor(HypercallBatch batch, long limit, long nanos) {
        long start = 0;
        for (long turn = 0; turn < limit; turn++) {
            if (batch.isComplete()) {
                spin.succeeded((int) Math.min(turn, SPIN_TURNS));
                return true;
            }
            if (!ring.tryTakeResponses()) {
                Thread.onSpinWait();
            }
            if ((turn & TURNS_PER_LOOK) == TURNS_PER_LOOK) {
                // Whoever is waited for may need this very processor. The clock is not worth a look before.
                Thread.yield();
                long now = System.nanoTime();
                start = start == 0 ? now : start;
                if (now - start >= nanos) {
                    return batch.isComplete();
                }
            }
        }
        spin.failed();
        return batch.isComplete();
    }

    /** The upcall thread waits: on the bell, as it always does. Events that ring it meanwhile are looked at afterwards. */
    private void sleepFor(HypercallBatch batch, long start, long nanos) {
        long left = nanos;
        while (!batch.isComplete() && left > 0) {
            sleep.arm();
            if (!ring.takeOrAskForNotification(batch)) {
                sleep.sleep(left >= Integer.MAX_VALUE * NANOS_PER_MILLI ? -1 : (int) (left / NANOS_PER_MILLI) + 1);
            }
            sleep.disarm();
            left = nanos - (System.nanoTime() - start);
        }
    }

    private void parkFor(HypercallBatch batch, long start, long nanos) {
        boolean interrupted = false;
        long pause = FIRST_PARK_NANOS;
        long left = nanos;
        batch.waiter(Thread.currentThread());
        ring.sleeper(1);
        try {
            while (!ring.takeOrAskForNotification(batch) && left > 0) {
                LockSupport.parkNanos(ring, Math.min(pause, left));
                interrupted |= Thread.interrupted();
                pause = longer(pause);
                left = nanos - (System.nanoTime() - start);
            }
        } finally {
            ring.sleeper(-1);
            batch.waiter(null);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
