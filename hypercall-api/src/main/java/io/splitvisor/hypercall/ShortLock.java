// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A lock for what takes nanoseconds. One compare-and-set to take it, one release store to give it back: half the price of
 * a lock that has to look for waiters to wake, which is felt where a whole hypercall costs little more than that. Who has
 * to wait spins, then offers the processor, then sleeps for a moment. Not reentrant, not fair.
 */
final class ShortLock {
    private static final int SPINS = 100;
    private static final int YIELDS = 20;
    private static final long PAUSE_NANOS = 50_000;

    private final AtomicBoolean taken = new AtomicBoolean();

    /** Takes the lock if it is free. Acquire. */
    boolean tryLock() {
        return taken.compareAndSet(false, true);
    }

    /** Takes the lock. Acquire. */
    void lock() {
        for (int tries = 0; !tryLock(); tries++) {
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else if (tries < SPINS + YIELDS) {
                Thread.yield();
            } else {
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
    }

    /** Gives it back. Release. */
    void unlock() {
        taken.setRelease(false);
    }
}
