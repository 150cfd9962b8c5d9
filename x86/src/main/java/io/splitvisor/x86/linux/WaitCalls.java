// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;

/** Calls that wait for descriptors or for a time. All end when a signal comes. */
final class WaitCalls {
    private static final int SYS_POLL = 7;
    private static final int SYS_SELECT = 23;
    private static final int SYS_PAUSE = 34;
    private static final int SYS_NANOSLEEP = 35;
    private static final int SYS_FUTEX = Futexes.SYS_FUTEX;
    private static final int SYS_CLOCK_NANOSLEEP = 230;
    private static final int SYS_PSELECT6 = 270;
    private static final int SYS_PPOLL = 271;
    private static final int TIMER_ABSTIME = 1;
    private static final long FOREVER = -1;
    private static final short POLLNVAL = 0x20;
    private static final short POLLPRI = 2;
    private static final short POLLERR = 8;
    private static final short POLLHUP = 0x10;

    private WaitCalls() {}

    static void addTo(Handler[] h) {
        h[SYS_POLL] = (t, a) -> poll(t, a[0], a[1], (int) a[2] < 0 ? FOREVER : (int) a[2] * 1_000_000L);
        h[SYS_PPOLL] = WaitCalls::ppoll;
        h[SYS_SELECT] = (t, a) -> select(t, a, a[4] == 0 ? FOREVER : Times.fromTimeval(t.memory(), a[4]));
        h[SYS_PSELECT6] = WaitCalls::pselect;
        h[SYS_PAUSE] = (t, a) -> interrupted(t.wakeup().await(0, FOREVER));
        h[SYS_NANOSLEEP] = (t, a) -> sleep(t, Times.nanoseconds(t.memory(), a[0]), a[1]);
        h[SYS_CLOCK_NANOSLEEP] = WaitCalls::clockNanosleep;
        h[SYS_FUTEX] = Futexes::futex;
    }

    /** These never start again. */
    private static long interrupted(long result) {
        return result == -Task.ERESTART ? -Errno.EINTR : result;
    }

    private static long ppoll(Task t, long[] a) {
        long nanoseconds = a[2] == 0 ? FOREVER : Times.nanoseconds(t.memory(), a[2]);
        if (a[3] != 0) {
            t.suspendMask(t.memory().getLong(a[3]));
        }
        return poll(t, a[0], a[1], nanoseconds);
    }

    private static long poll(Task t, long at, long descriptors, long nanoseconds) {
        int count = (int) descriptors;
        if (count < 0 || count > FdTable.SIZE) {
            return -Errno.EINVAL;
        }
        UserMemory m = t.memory();
        m.out(at, (long) count * Wakeup.POLLFD_BYTES);
        int invalid = 0;
        for (int i = 0; i < count; i++) {
            long p = at + (long) i * Wakeup.POLLFD_BYTES;
            int fd = m.getInt(p);
            int hostFd = hostOrNone(t, fd);
            t.wakeup().descriptor(i, hostFd, m.getShort(p + 4));
            invalid += fd >= 0 && hostFd < 0 ? 1 : 0;
        }
        long result = t.wakeup().await(count, invalid > 0 ? 0 : nanoseconds);
        if (result < 0) {
            return interrupted(result);
        }
        for (int i = 0; i < count; i++) {
            long p = at + (long) i * Wakeup.POLLFD_BYTES;
            int fd = m.getInt(p);
            boolean bad = fd >= 0 && hostOrNone(t, fd) < 0;
            int events = m.getShort(p + 4) & 0xffff;
            m.putInt(p + 4, events | (bad ? POLLNVAL : t.wakeup().ready(i)) << 16);
        }
        return result + invalid;
    }

    private static int hostOrNone(Task t, int fd) {
        try {
            return fd < 0 ? -1 : t.process().fds().host(fd);
        } catch (Refused _) {
            return -1;
        }
    }

    private static long pselect(Task t, long[] a) {
        long nanoseconds = a[4] == 0 ? FOREVER : Times.nanoseconds(t.memory(), a[4]);
        if (a[5] != 0 && t.memory().getLong(a[5]) != 0) {
            t.suspendMask(t.memory().getLong(t.memory().getLong(a[5])));
        }
        return select(t, a, nanoseconds);
    }

    /** By way of poll. Three sets of bits: to read, to write, exceptions. */
    private static long select(Task t, long[] a, long nanoseconds) {
        int count = (int) a[0];
        if (count < 0 || count > FdTable.SIZE) {
            return -Errno.EINVAL;
        }
        short[] asked = {Wakeup.POLLIN, Wakeup.POLLOUT, POLLPRI};
        short[] answered = {Wakeup.POLLIN | POLLHUP | POLLERR, Wakeup.POLLOUT | POLLERR, POLLPRI};
        for (int fd = 0; fd < count; fd++) {
            short events = 0;
            for (int s = 0; s < 3; s++) {
                events |= isSet(t, a[1 + s], fd) ? asked[s] : 0;
            }
            t.wakeup().descriptor(fd, events == 0 ? -1 : t.process().fds().host(fd), events);
        }
        long result = t.wakeup().await(count, nanoseconds);
        if (result < 0) {
            return interrupted(result);
        }
        long bits = 0;
        for (int fd = 0; fd < count; fd++) {
            for (int s = 0; s < 3; s++) {
                if (isSet(t, a[1 + s], fd)) {
                    boolean ready = (t.wakeup().ready(fd) & answered[s]) != 0;
                    bits += ready ? 1 : 0;
                    set(t, a[1 + s], fd, ready);
                }
            }
        }
        return bits;
    }

    private static boolean isSet(Task t, long set, int fd) {
        return set != 0 && (t.memory().getLong(set + (fd >>> 6) * 8L) >>> fd & 1) != 0;
    }

    private static void set(Task t, long set, int fd, boolean value) {
        long at = set + (fd >>> 6) * 8L;
        long word = t.memory().getLong(at) & ~(1L << fd);
        t.memory().putLong(at, word | (value ? 1L << fd : 0));
    }

    private static long clockNanosleep(Task t, long[] a) {
        long time = Times.nanoseconds(t.memory(), a[2]);
        if ((a[1] & TIMER_ABSTIME) == 0) {
            return sleep(t, time, a[3]);
        }
        return sleep(t, Math.max(0, time - Times.now(a[0])), 0);
    }

    private static long sleep(Task t, long nanoseconds, long remaining) {
        long start = System.nanoTime();
        long result = t.wakeup().await(0, nanoseconds);
        if (result == -Task.ERESTART && remaining != 0) {
            Times.putTimespec(t.memory(), remaining, Math.max(0, nanoseconds - (System.nanoTime() - start)));
        }
        return interrupted(result);
    }
}
