// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.monitor.time.Alarm;
import io.splitvisor.monitor.time.Alarms;
import io.splitvisor.monitor.time.TimeSource;
import java.util.PriorityQueue;

/** A clock that stands until it is moved, and what waits for it. A look at it takes a nanosecond, so that nobody spins for ever. */
final class VirtualTime implements TimeSource, Alarms {
    private static final long START = 1_000_000_000_000L;
    private static final long WALL_CLOCK = 1_700_000_000_000_000_000L;

    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private long now = START;
    private long sequence;

    /** Something that is to happen. */
    final class Timer implements Comparable<Timer> {
        private final long due;
        private final long number = sequence++;
        private final Runnable action;

        private Timer(long due, Runnable action) {
            this.due = due;
            this.action = action;
        }

        void cancel() {
            VirtualTime.this.cancel(this);
        }

        @Override
        public int compareTo(Timer other) {
            int byTime = Long.compare(due, other.due);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    @Override
    public synchronized long nanos() {
        return ++now;
    }

    /** The same without moving it. */
    synchronized long now() {
        return now;
    }

    static long sinceStart(long nanos) {
        return nanos - START;
    }

    synchronized void pass(long nanos) {
        now += nanos;
    }

    synchronized Timer after(long nanos, Runnable action) {
        long due = nanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + Math.max(0, nanos);
        Timer timer = new Timer(due, action);
        timers.add(timer);
        return timer;
    }

    private synchronized void cancel(Timer timer) {
        timers.remove(timer);
    }

    /** When something is due next; {@link Long#MAX_VALUE} for never. */
    synchronized long next() {
        return timers.isEmpty() ? Long.MAX_VALUE : timers.peek().due;
    }

    /** Lets time pass, to a moment that is not before now. */
    synchronized void passTo(long moment) {
        now = Math.max(now, moment);
    }

    /** Does what is due; whether anything was. */
    boolean fire() {
        boolean fired = false;
        Timer due;
        while ((due = takeDue()) != null) {
            due.action.run();
            fired = true;
        }
        return fired;
    }

    private synchronized Timer takeDue() {
        return !timers.isEmpty() && timers.peek().due <= now ? timers.poll() : null;
    }

    @Override
    public long wallClockOffset() {
        return WALL_CLOCK;
    }

    @Override
    public Alarm newAlarm(int domid, Runnable due) {
        return new TimerAlarm(due);
    }

    private final class TimerAlarm implements Alarm {
        private final Runnable due;
        private Timer timer;

        private TimerAlarm(Runnable due) {
            this.due = due;
        }

        @Override
        public void set(long systemTime) {
            cancel();
            timer = after(systemTime - now(), due);
        }

        @Override
        public void cancel() {
            if (timer != null) {
                timer.cancel();
                timer = null;
            }
        }
    }
}
