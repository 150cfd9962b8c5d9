// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import io.splitvisor.abi.XenErrno;

/**
 * A domain's watchdogs: timers that end it unless it sets them again in time ({@code SCHEDOP_watchdog}). Confined to the
 * domain's thread.
 */
public final class Watchdogs {
    /** How many a domain has. */
    public static final int COUNT = 2;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final SystemClock clock;
    private final Alarm[] alarms = new Alarm[COUNT];
    private final boolean[] inUse = new boolean[COUNT];

    /** Watchdogs of a domain; {@code bark} ends it. */
    public Watchdogs(SystemClock clock, Alarms host, int domid, Runnable bark) {
        this.clock = clock;
        for (int i = 0; i < COUNT; i++) {
            alarms[i] = host.newAlarm(domid, bark);
        }
    }

    /**
     * As Xen: id 0 takes a free one, another id sets that one anew, with timeout 0 gives it back.
     *
     * @param id any 32 bits
     * @param seconds unsigned
     * @return the new one's id, or 0; -EINVAL for one that is not in use, -ENOSPC if all are
     */
    public int set(int id, int seconds) {
        if (id < 0 || id > COUNT) {
            return -XenErrno.EINVAL;
        }
        long at = clock.now() + Integer.toUnsignedLong(seconds) * NANOS_PER_SECOND;
        if (id == 0) {
            return take(at);
        }
        int index = id - 1;
        if (!inUse[index]) {
            return -XenErrno.EINVAL;
        }
        if (seconds == 0) {
            alarms[index].cancel();
            inUse[index] = false;
        } else {
            alarms[index].set(at);
        }
        return 0;
    }

    private int take(long at) {
        for (int i = 0; i < COUNT; i++) {
            if (!inUse[i]) {
                inUse[i] = true;
                alarms[i].set(at);
                return i + 1;
            }
        }
        return -XenErrno.ENOSPC;
    }

    /** None of them barks any more. */
    public void stop() {
        for (Alarm alarm : alarms) {
            alarm.cancel();
        }
    }
}
