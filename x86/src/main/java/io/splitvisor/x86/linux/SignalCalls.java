// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;

/** Calls about signals. A program can send them to itself and to processes of its family only. */
final class SignalCalls {
    private static final int SYS_RT_SIGACTION = 13;
    private static final int SYS_RT_SIGPROCMASK = 14;
    private static final int SYS_RT_SIGRETURN = 15;
    private static final int SYS_ALARM = 37;
    private static final int SYS_GETITIMER = 36;
    private static final int SYS_SETITIMER = 38;
    private static final int SYS_KILL = 62;
    private static final int SYS_RT_SIGPENDING = 127;
    private static final int SYS_RT_SIGTIMEDWAIT = 128;
    private static final int SYS_RT_SIGSUSPEND = 130;
    private static final int SYS_SIGALTSTACK = 131;
    private static final int SYS_TKILL = 200;
    private static final int SYS_TGKILL = 234;

    private static final int SIG_BLOCK = 0;
    private static final int SIG_UNBLOCK = 1;
    private static final int SIG_SETMASK = 2;
    private static final int SET_BYTES = 8;
    private static final int SMALLEST_STACK = 2048;
    private static final long MICROSECOND = 1000;

    private SignalCalls() {}

    static void addTo(Handler[] h) {
        h[SYS_RT_SIGACTION] = SignalCalls::sigaction;
        h[SYS_RT_SIGPROCMASK] = SignalCalls::sigprocmask;
        h[SYS_RT_SIGRETURN] = SignalCalls::sigreturn;
        h[SYS_RT_SIGPENDING] = SignalCalls::sigpending;
        h[SYS_RT_SIGSUSPEND] = SignalCalls::sigsuspend;
        h[SYS_RT_SIGTIMEDWAIT] = SignalCalls::sigtimedwait;
        h[SYS_SIGALTSTACK] = SignalCalls::sigaltstack;
        h[SYS_KILL] = SignalCalls::kill;
        h[SYS_TKILL] = (t, a) -> sendTo(t, (int) a[0], a[1]);
        h[SYS_TGKILL] = (t, a) -> sendTo(t, (int) a[1], a[2]);
        h[SYS_ALARM] = SignalCalls::alarm;
        h[SYS_GETITIMER] = SignalCalls::getitimer;
        h[SYS_SETITIMER] = SignalCalls::setitimer;
    }

    private static long sigaction(Task t, long[] a) {
        if (!Signals.valid(a[0]) || a[3] != SET_BYTES) {
            return -Errno.EINVAL;
        }
        int signal = (int) a[0];
        SignalAction old = t.process().action(signal);
        if (a[1] != 0) {
            if (Signals.in(Signals.UNBLOCKABLE, signal)) {
                return -Errno.EINVAL;
            }
            t.process().action(signal, SignalAction.read(t.memory(), a[1]));
        }
        if (a[2] != 0) {
            old.write(t.memory(), a[2]);
        }
        return 0;
    }

    private static long sigprocmask(Task t, long[] a) {
        if (a[3] != SET_BYTES) {
            return -Errno.EINVAL;
        }
        long old = t.signals().mask();
        if (a[1] != 0) {
            long set = t.memory().getLong(a[1]);
            switch ((int) a[0]) {
                case SIG_BLOCK -> t.signals().mask(old | set);
                case SIG_UNBLOCK -> t.signals().mask(old & ~set);
                case SIG_SETMASK -> t.signals().mask(set);
                default -> {
                    return -Errno.EINVAL;
                }
            }
        }
        if (a[2] != 0) {
            t.memory().putLong(a[2], old);
        }
        return 0;
    }

    private static long sigreturn(Task t, long[] a) {
        try {
            t.signals().mask(SignalFrame.pop(t));
        } catch (Refused _) {
            t.process().endBySignal(t, Signals.SIGSEGV);
        }
        return SystemCalls.NO_RESULT;
    }

    private static long sigpending(Task t, long[] a) {
        t.memory().putLong(a[0], t.signals().pending() & t.signals().mask());
        return 0;
    }

    private static long sigsuspend(Task t, long[] a) {
        t.suspendMask(t.memory().getLong(a[0]));
        if ((t.signals().pending() & ~t.signals().mask()) == 0) {
            t.wakeup().await(0, -1);
        }
        return -Errno.EINTR;
    }

    private static long sigtimedwait(Task t, long[] a) {
        long wanted = t.memory().getLong(a[0]);
        long left = a[2] == 0 ? -1 : Times.nanoseconds(t.memory(), a[2]);
        SignalInfo info = t.signals().take(wanted);
        if (info == null && t.wakeup().await(0, left) != 0) {
            info = t.signals().take(wanted);
            if (info == null) {
                return -Errno.EINTR;
            }
        }
        if (info == null) {
            return -Errno.EAGAIN;
        }
        if (a[1] != 0) {
            t.memory().putBytes(a[1], info.bytes());
        }
        return info.signal();
    }

    private static long sigaltstack(Task t, long[] a) {
        long rsp = t.vcpu().registers().general(4);
        AlternateStack old = t.alternateStack();
        if (a[0] != 0) {
            if (old.usable() && old.holds(rsp)) {
                return -Errno.EPERM;
            }
            AlternateStack stack = AlternateStack.read(t.memory(), a[0]);
            if (stack.usable() && stack.size() < SMALLEST_STACK) {
                return -Errno.ENOMEM;
            }
            t.alternateStack(stack);
        }
        if (a[1] != 0) {
            old.write(t.memory(), a[1], rsp);
        }
        return 0;
    }

    private static long kill(Task t, long[] a) {
        int pid = (int) a[0];
        if (a[1] != 0 && !Signals.valid(a[1])) {
            return -Errno.EINVAL;
        }
        // Its own process group is the whole family.
        if (pid == 0 || pid == -1 || -pid == t.process().family().groupId()) {
            for (UserProcess p : t.process().family().all()) {
                send(t, p, a[1]);
            }
            return 0;
        }
        UserProcess to = t.process().family().find(pid);
        if (to == null) {
            return -Errno.ESRCH;
        }
        send(t, to, a[1]);
        return 0;
    }

    private static void send(Task t, UserProcess to, long signal) {
        if (signal != 0) {
            to.send(new SignalInfo((int) signal, SignalInfo.SI_USER, t.process().pid()));
        }
    }

    private static long sendTo(Task t, int id, long signal) {
        if (signal != 0 && !Signals.valid(signal)) {
            return -Errno.EINVAL;
        }
        for (Task other : t.process().tasks()) {
            if (other.id() == id) {
                if (signal != 0) {
                    other.signals()
                            .add(new SignalInfo(
                                    (int) signal,
                                    SignalInfo.SI_TKILL,
                                    t.process().pid()));
                }
                return 0;
            }
        }
        return -Errno.ESRCH;
    }

    private static long alarm(Task t, long[] a) {
        var wanted = new AlarmClock.Setting(0, (a[0] & 0xffff_ffffL) * 1_000_000);
        AlarmClock.Setting old = t.process().alarm().set(wanted);
        return old.next() == 0 ? 0 : Math.max(1, old.next() / 1_000_000);
    }

    private static long getitimer(Task t, long[] a) {
        if (a[0] != 0) {
            return -Errno.EINVAL;
        }
        write(t, a[1], t.process().alarm().current());
        return 0;
    }

    /** The real-time one; the two that count processor time are not there. */
    private static long setitimer(Task t, long[] a) {
        if (a[0] != 0) {
            return -Errno.EINVAL;
        }
        long interval = Times.fromTimeval(t.memory(), a[1]) / MICROSECOND;
        long next = Times.fromTimeval(t.memory(), a[1] + 16) / MICROSECOND;
        AlarmClock.Setting old = t.process().alarm().set(new AlarmClock.Setting(interval, next));
        if (a[2] != 0) {
            write(t, a[2], old);
        }
        return 0;
    }

    private static void write(Task t, long at, AlarmClock.Setting s) {
        t.memory().putLong(at, s.interval() / 1_000_000);
        t.memory().putLong(at + 8, s.interval() % 1_000_000);
        t.memory().putLong(at + 16, s.next() / 1_000_000);
        t.memory().putLong(at + 24, s.next() % 1_000_000);
    }
}
