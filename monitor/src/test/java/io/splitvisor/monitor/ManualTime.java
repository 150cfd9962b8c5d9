// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.monitor.time.Alarm;
import io.splitvisor.monitor.time.Alarms;
import io.splitvisor.monitor.time.TimeSource;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** Clocks and alarms that a test moves. The counter makes three cycles a nanosecond, unless the test says otherwise. */
public final class ManualTime implements TimeSource, Alarms {
    /** System time at first: not 0, which means "never" to some calls. */
    public static final long START = 1_000_000_000_000L;

    /** Those that are set. */
    private final Set<ManualAlarm> alarms = new LinkedHashSet<>();

    private long nanos = START;
    private double cycles = 7e12;
    private long wallClockOffset = 1_700_000_000_123_456_789L;
    private double cyclesPerNano = 3;

    private final class ManualAlarm implements Alarm {
        private final Runnable due;
        private long time;

        private ManualAlarm(Runnable due) {
            this.due = due;
        }

        @Override
        public void set(long systemTime) {
            time = systemTime;
            alarms.add(this);
        }

        @Override
        public void cancel() {
            alarms.remove(this);
        }
    }

    @Override
    public long nanos() {
        // A clock that is looked at moves on.
        move(1);
        return nanos;
    }

    @Override
    public long wallClockOffset() {
        return wallClockOffset;
    }

    /** Somebody sets the host's clock. */
    public void wallClockOffset(long nanos) {
        wallClockOffset = nanos;
    }

    @Override
    public boolean hasCycles() {
        return true;
    }

    @Override
    public long cycles() {
        return (long) cycles;
    }

    @Override
    public boolean isStable() {
        return true;
    }

    @Override
    public Alarm newAlarm(int domid, Runnable due) {
        return new ManualAlarm(due);
    }

    /** From now on the counter runs at another rate. */
    public void rate(double perNano) {
        cyclesPerNano = perNano;
    }

    private void move(long by) {
        nanos += by;
        cycles += by * cyclesPerNano;
    }

    /** Time passes: what is due meanwhile is called at its time, or just after. */
    public void advance(long by) {
        long end = nanos + by;
        while (true) {
            Optional<ManualAlarm> next = alarms.stream().min(Comparator.comparingLong(alarm -> alarm.time));
            if (next.isEmpty() || next.get().time > end) {
                break;
            }
            ManualAlarm alarm = next.get();
            move(Math.max(0, alarm.time - nanos));
            alarm.cancel();
            alarm.due.run();
        }
        move(Math.max(0, end - nanos));
    }

    /** Alarms that are set. */
    public long set() {
        return alarms.size();
    }
}
