// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Registers.SegmentValue;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/** Calls about processes and threads. */
final class ProcessCalls {
    private static final int SYS_GETPID = 39;
    private static final int SYS_CLONE = 56;
    private static final int SYS_FORK = 57;
    private static final int SYS_VFORK = 58;
    private static final int SYS_EXECVE = 59;
    private static final int SYS_EXIT = 60;
    private static final int SYS_WAIT4 = 61;
    private static final int SYS_GETPPID = 110;
    private static final int SYS_GETPGRP = 111;
    private static final int SYS_SETPGID = 109;
    private static final int SYS_SETSID = 112;
    private static final int SYS_GETPGID = 121;
    private static final int SYS_GETSID = 124;
    private static final int SYS_GETGROUPS = 115;
    private static final int SYS_GETRLIMIT = 97;
    private static final int SYS_PRCTL = 157;
    private static final int SYS_ARCH_PRCTL = 158;
    private static final int SYS_GETTID = 186;
    private static final int SYS_SET_TID_ADDRESS = 218;
    private static final int SYS_EXIT_GROUP = 231;
    private static final int SYS_SET_ROBUST_LIST = 273;
    private static final int SYS_PRLIMIT64 = 302;

    private static final long CLONE_VM = 0x100;
    private static final long CLONE_VFORK = 0x4000;
    private static final long CLONE_THREAD = 0x1_0000;
    private static final long CLONE_SETTLS = 0x8_0000;
    private static final long CLONE_PARENT_SETTID = 0x10_0000;
    private static final long CLONE_CHILD_CLEARTID = 0x20_0000;
    private static final long CLONE_CHILD_SETTID = 0x100_0000;

    private static final int ARCH_SET_GS = 0x1001;
    private static final int ARCH_SET_FS = 0x1002;
    private static final int ARCH_GET_FS = 0x1003;
    private static final int ARCH_GET_GS = 0x1004;
    private static final int FS = 4;
    private static final int GS = 5;
    private static final int RAX = 0;
    private static final int RSP = 4;
    private static final int DATA3 = 0xc0f3;
    private static final long HIGHEST = 1L << 47;

    private static final int PR_SET_NAME = 15;
    private static final int WNOHANG = 1;
    private static final int RUSAGE_BYTES = 144;
    private static final int MOST_ARGUMENTS = 65_536;
    private static final int LONGEST_ARGUMENT = 131_072;
    private static final int MOST_ARGUMENT_BYTES = 2 << 20;

    private ProcessCalls() {}

    static void addTo(Handler[] h) {
        h[SYS_GETPID] = (t, a) -> t.process().pid();
        h[SYS_GETTID] = (t, a) -> t.id();
        h[SYS_GETPPID] = (t, a) -> t.process().parent() != null
                ? t.process().parent().pid()
                : RawSyscall.call(SYS_GETPPID, 0, 0, 0, 0, 0, 0);
        h[SYS_GETPGRP] = (t, a) -> t.process().family().groupId();
        h[SYS_GETPGID] = h[SYS_GETPGRP];
        h[SYS_GETSID] = h[SYS_GETPGRP];
        // All of a family stay in one group.
        h[SYS_SETPGID] = (t, a) -> 0;
        h[SYS_SETSID] = (t, a) -> -Errno.EPERM;
        h[SYS_GETGROUPS] = ProcessCalls::getgroups;
        h[SYS_CLONE] = ProcessCalls::clone;
        h[SYS_FORK] = (t, a) -> clone(t, new long[6]);
        h[SYS_VFORK] = (t, a) -> clone(t, new long[] {CLONE_VM | CLONE_VFORK, 0, 0, 0, 0, 0});
        h[SYS_EXECVE] = ProcessCalls::execve;
        h[SYS_WAIT4] = ProcessCalls::wait4;
        h[SYS_EXIT] = (t, a) -> {
            t.process().exitThread(t, (int) a[0]);
            return 0;
        };
        h[SYS_EXIT_GROUP] = (t, a) -> {
            t.process().exit((int) a[0]);
            return 0;
        };
        h[SYS_PRCTL] = (t, a) -> a[0] == PR_SET_NAME ? 0 : -Errno.EINVAL;
        h[SYS_ARCH_PRCTL] = ProcessCalls::archPrctl;
        h[SYS_SET_TID_ADDRESS] = (t, a) -> {
            t.clearAtEnd(a[0]);
            return t.id();
        };
        h[SYS_SET_ROBUST_LIST] = (t, a) -> 0;
        h[SYS_GETRLIMIT] =
                (t, a) -> RawSyscall.call(SYS_GETRLIMIT, a[0], t.memory().out(a[1], 16), 0, 0, 0, 0);
        h[SYS_PRLIMIT64] = ProcessCalls::prlimit;
    }

    private static long getgroups(Task t, long[] a) {
        // The kernel looks at 32 bits of it, and writes no more than there are.
        int count = (int) a[0];
        long there = RawSyscall.call(SYS_GETGROUPS, 0, 0, 0, 0, 0, 0);
        if (count < 0 || (count > 0 && count < there)) {
            return -Errno.EINVAL;
        }
        if (count == 0 || there <= 0) {
            return there;
        }
        return RawSyscall.call(SYS_GETGROUPS, there, t.memory().out(a[1], 4 * there), 0, 0, 0, 0);
    }

    /** Limits can be read, and setting one to what it is anyway does nothing. */
    private static long prlimit(Task t, long[] a) {
        if (a[2] != 0 || (a[0] != 0 && a[0] != t.process().pid())) {
            return -Errno.EPERM;
        }
        return RawSyscall.call(SYS_PRLIMIT64, 0, a[1], 0, t.memory().out(a[3], 16), 0, 0);
    }

    private static long archPrctl(Task t, long[] a) {
        Registers r = t.vcpu().registers();
        return switch ((int) a[0]) {
            case ARCH_SET_FS -> base(r, FS, a[1]);
            case ARCH_SET_GS -> base(r, GS, a[1]);
            case ARCH_GET_FS -> get(t, a[1], r.segment(FS).base());
            case ARCH_GET_GS -> get(t, a[1], r.segment(GS).base());
            default -> -Errno.EINVAL;
        };
    }

    private static long base(Registers r, int segment, long value) {
        if (value < 0 || value >= HIGHEST) {
            return -Errno.EPERM;
        }
        r.segment(segment, new SegmentValue(0, value, -1, DATA3));
        return 0;
    }

    private static long get(Task t, long at, long value) {
        t.memory().putLong(at, value);
        return 0;
    }

    private static long clone(Task t, long[] a) {
        long flags = a[0];
        return (flags & CLONE_THREAD) != 0 ? thread(t, a) : fork(t, a);
    }

    private static long thread(Task t, long[] a) {
        Task child = t.process().newTask(t.process().family().newId());
        ThreadState.copy(t.vcpu(), child.vcpu());
        child.signals().mask(t.signals().mask());
        prepare(child, a);
        if ((a[0] & CLONE_PARENT_SETTID) != 0) {
            t.memory().putInt(a[2], child.id());
        }
        t.process().family().start(child);
        return child.id();
    }

    private static long fork(Task t, long[] a) {
        boolean shares = (a[0] & CLONE_VM) != 0;
        if (shares && (a[0] & CLONE_VFORK) == 0) {
            return -Errno.ENOSYS;
        }
        Family family = t.process().family();
        int pid = family.newId();
        UserProcess child = t.process().fork(t, pid, shares);
        Task first = child.tasks().getFirst();
        prepare(first, a);
        if ((a[0] & CLONE_PARENT_SETTID) != 0) {
            t.memory().putInt(a[2], pid);
        }
        family.add(child);
        family.start(first);
        if ((a[0] & CLONE_VFORK) != 0) {
            family.awaitRelease(child);
        }
        return pid;
    }

    private static void prepare(Task child, long[] a) {
        Registers r = child.vcpu().registers();
        r.general(RAX, 0);
        if (a[1] != 0) {
            r.general(RSP, a[1]);
        }
        if ((a[0] & CLONE_SETTLS) != 0) {
            base(r, FS, a[4]);
        }
        if ((a[0] & CLONE_CHILD_SETTID) != 0) {
            child.memory().putInt(a[3], child.id());
        }
        if ((a[0] & CLONE_CHILD_CLEARTID) != 0) {
            child.clearAtEnd(a[3]);
        }
    }

    private static long execve(Task t, long[] a) {
        String named = t.memory().text(a[0]);
        String path = named.equals(OwnImage.NAME)
                ? t.process().program().path()
                : t.process().directory().absolute(named);
        var program = new Program(path, texts(t, a[1]), texts(t, a[2]));
        try {
            if (!Files.isExecutable(HostPaths.of(path))) {
                return Files.exists(HostPaths.of(path)) ? -Errno.EACCES : -Errno.ENOENT;
            }
            t.process().exec(t, program);
            return SystemCalls.NO_RESULT;
        } catch (NoSuchFileException _) {
            return -Errno.ENOENT;
        } catch (AccessDeniedException _) {
            return -Errno.EACCES;
        } catch (IOException _) {
            return -Errno.ENOEXEC;
        }
    }

    private static List<String> texts(Task t, long at) {
        List<String> texts = new ArrayList<>();
        if (at == 0) {
            return texts;
        }
        long bytes = 0;
        long next = at;
        for (long text = t.memory().getLong(next); text != 0; text = t.memory().getLong(next)) {
            String s = t.memory().text(text, LONGEST_ARGUMENT);
            bytes += s.length() + 1;
            if (texts.size() == MOST_ARGUMENTS || bytes > MOST_ARGUMENT_BYTES) {
                throw new Refused(Errno.E2BIG);
            }
            texts.add(s);
            next += 8;
        }
        return texts;
    }

    private static long wait4(Task t, long[] a) {
        int pid = (int) a[0] <= 0 ? -1 : (int) a[0];
        Family family = t.process().family();
        while (true) {
            UserProcess dead = family.dead(t.process(), pid, true);
            if (dead != null) {
                if (a[1] != 0) {
                    t.memory().putInt(a[1], dead.status());
                }
                if (a[3] != 0) {
                    t.memory().putBytes(a[3], new byte[RUSAGE_BYTES]);
                }
                return dead.pid();
            }
            if (!family.hasChild(t.process(), pid)) {
                return -Errno.ECHILD;
            }
            if ((a[2] & WNOHANG) != 0) {
                return 0;
            }
            t.wakeup().await(0, -1);
            t.wakeup().drain();
            boolean signalled = (t.signals().pending() & ~t.signals().mask()) != 0;
            if (t.ended() || (signalled && family.dead(t.process(), pid, false) == null)) {
                return -Task.ERESTART;
            }
        }
    }
}
