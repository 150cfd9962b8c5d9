// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A region that waits until the JVM has compiled it. Until then the JVM would interpret its bytecode, five times more slowly than
 * the guest's code is interpreted here. It is called without anything to do, often enough to be compiled, and what such a call
 * costs tells whether it has been.
 */
final class Ripening implements Runnable {
    /** A negative budget. */
    private static final int NOTHING = -1;

    private static final int CALLS = 32;
    /** With these the JVM's first compiler is asked, if it is not busy. */
    private static final int FIRST_BATCHES = 7;
    /** Compiled calls are faster at least so many times. */
    private static final int FASTER = 4;

    private static final long POLL_MILLIS = 4;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RegionCode code;
    private final Runnable ripe;
    private final ScheduledExecutorService executor;
    private long interpreted = Long.MAX_VALUE;
    private long deadline;

    /** @param ripe called when it is compiled, or has waited too long */
    Ripening(RegionCode code, ScheduledExecutorService executor, Runnable ripe) {
        this.code = code;
        this.executor = executor;
        this.ripe = ripe;
    }

    /** Starts the wait, on the executor's thread. */
    void start() {
        deadline = System.nanoTime() + LONGEST_NANOS;
        for (int n = 0; n < FIRST_BATCHES; n++) {
            interpreted = Math.min(interpreted, batch());
        }
        later();
    }

    @Override
    public void run() {
        if (Math.min(batch(), batch()) * FASTER < interpreted || System.nanoTime() - deadline > 0) {
            ripe.run();
        } else {
            later();
        }
    }

    private void later() {
        executor.schedule(this, POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private long batch() {
        long start = System.nanoTime();
        for (int n = 0; n < CALLS; n++) {
            code.run(null, null, 0, NOTHING);
        }
        return System.nanoTime() - start;
    }
}
