// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.xenbus.ControlThread;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How often a console is served: a guest that floods it is served so many times in a period, and waits for the rest of it, as
 * with xenconsoled (row C2). The time that counts is the loop's: a guest cannot make it pass faster. The loop's own.
 */
final class Pace {
    static final int ROUNDS_PER_PERIOD = 30;
    static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final ControlThread timer;
    private long periodStart;
    private int rounds;

    Pace(ControlThread timer) {
        this.timer = timer;
        this.periodStart = timer.nanoTime();
    }

    boolean isResting() {
        return rounds >= ROUNDS_PER_PERIOD && timer.nanoTime() - periodStart < PERIOD_NANOS;
    }

    /**
     * The console was served once more.
     *
     * @param wake ends the rest, if this begins one
     */
    void count(Runnable wake) {
        long now = timer.nanoTime();
        if (now - periodStart >= PERIOD_NANOS) {
            periodStart = now;
            rounds = 0;
        }
        if (++rounds == ROUNDS_PER_PERIOD) {
            timer.schedule(wake, Duration.ofNanos(Math.max(PERIOD_NANOS - (now - periodStart), 0)));
        }
    }
}
