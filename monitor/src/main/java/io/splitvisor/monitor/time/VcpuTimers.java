// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/**
 * The timers of one vCPU, one of each kind: single-shot ({@code set_timer_op} and {@code VCPUOP_set_singleshot_timer} set
 * the same one), periodic, and the one that ends a {@code SCHEDOP_poll}. Confined to the domain's thread.
 */
public final class VcpuTimers {
    private static final long NOT_SET = 0;

    private final SystemClock clock;
    private final Runnable deliver;
    private final Alarm singleshot;
    private final Alarm periodic;
    private final Alarm poll;
    private long period = NOT_SET;
    private long nextPeriod;
    private boolean standing;

    /**
     * @param deliver sends VIRQ_TIMER to the vCPU
     * @param pollOver what happens when a poll's time is over
     */
    public VcpuTimers(SystemClock clock, Alarms alarms, int domid, Runnable deliver, Runnable pollOver) {
        this.clock = clock;
        this.deliver = deliver;
        this.singleshot = alarms.newAlarm(domid, deliver);
        this.periodic = alarms.newAlarm(domid, this::periodOver);
        this.poll = alarms.newAlarm(domid, pollOver);
    }

    /** Sets the single-shot timer, in place of one set before. */
    public void setSingleshot(long systemTime) {
        singleshot.set(systemTime);
    }

    /** The single-shot timer does not come. */
    public void stopSingleshot() {
        singleshot.cancel();
    }

    /** Sets the periodic timer: first comes one period from now. */
    public void setPeriodic(long nanos) {
        period = nanos;
        startPeriodic();
    }

    /** The periodic timer does not come any more. */
    public void stopPeriodic() {
        period = NOT_SET;
        periodic.cancel();
    }

    /** The vCPU went down, or came up: the periodic timer stands still while it is down. */
    public void stand(boolean down) {
        standing = down;
        if (down) {
            periodic.cancel();
        } else {
            startPeriodic();
        }
    }

    private void startPeriodic() {
        if (period != NOT_SET && !standing) {
            nextPeriod = clock.now() + period;
            periodic.set(nextPeriod);
        }
    }

    /** Keeps the beat; beats that were missed are not made up for. */
    private void periodOver() {
        deliver.run();
        long now = clock.now();
        nextPeriod += period;
        if (nextPeriod <= now) {
            nextPeriod += ((now - nextPeriod) / period + 1) * period;
        }
        periodic.set(nextPeriod);
    }

    /** Sets the end of a poll. */
    public void setPoll(long systemTime) {
        poll.set(systemTime);
    }

    /** The poll ended otherwise. */
    public void stopPoll() {
        poll.cancel();
    }

    /** Nothing comes any more. */
    public void stop() {
        stopSingleshot();
        stopPeriodic();
        stopPoll();
    }
}
