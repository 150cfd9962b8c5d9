// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A process's real-time interval timer: alarm and setitimer. */
final class AlarmClock {
    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("alarms").daemon(true).factory());

    /**
     * When it rings.
     *
     * @param interval between rings, 0 for once
     * @param next until the next one, 0 for never
     */
    record Setting(long interval, long next) {}

    private final UserProcess process;
    private ScheduledFuture<?> pending;
    private long interval;

    AlarmClock(UserProcess process) {
        this.process = process;
    }

    /** The current setting, in microseconds. */
    synchronized Setting current() {
        boolean set = pending != null && !pending.isDone();
        return new Setting(interval, set ? Math.max(1, pending.getDelay(TimeUnit.MICROSECONDS)) : 0);
    }

    /** Replaces the setting; returns the old one. */
    synchronized Setting set(Setting wanted) {
        Setting old = current();
        stop();
        interval = wanted.interval;
        if (wanted.next > 0) {
            pending = wanted.interval > 0
                    ? CLOCK.scheduleAtFixedRate(this::ring, wanted.next, wanted.interval, TimeUnit.MICROSECONDS)
                    : CLOCK.schedule(this::ring, wanted.next, TimeUnit.MICROSECONDS);
        }
        return old;
    }

    synchronized void stop() {
        if (pending != null) {
            pending.cancel(false);
        }
    }

    private void ring() {
        process.send(new SignalInfo(Signals.SIGALRM, SignalInfo.SI_KERNEL, 0));
    }
}
