// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Calls on descriptors that need more than a translation. */
final class FileCalls {
    private static final int SYS_READ = 0;
    private static final int SYS_WRITE = 1;
    private static final int SYS_READV = 19;
    private static final int SYS_WRITEV = 20;
    private static final int SYS_PREADV = 295;
    private static final int SYS_PWRITEV = 296;
    private static final int SYS_IOCTL = 16;
    private static final int SYS_FCNTL = 72;
    private static final int SYS_PIPE2 = 293;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_DUP = 32;
    private static final int SYS_DUP2 = 33;
    private static final int SYS_DUP3 = 292;
    private static final int SYS_CLOSE_RANGE = 436;
    private static final int SYS_PIPE = 22;
    private static final int MOST_VECTORS = 1024;
    private static final int IOVEC_BYTES = 16;
    private static final int O_CLOEXEC = 0x8_0000;

    private static final int F_DUPFD = 0;
    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_GETLK = 5;
    private static final int F_SETLK = 6;
    private static final int F_SETLKW = 7;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    private static final int FLOCK_BYTES = 32;

    private FileCalls() {}

    static void addTo(Handler[] h) {
        Handler read = h[SYS_READ];
        Handler write = h[SYS_WRITE];
        h[SYS_READ] = (t, a) -> waiting(t, a, read, Wakeup.POLLIN);
        h[SYS_WRITE] = (t, a) -> piped(t, waiting(t, a, write, Wakeup.POLLOUT));
        h[SYS_READV] = (t, a) -> waiting(t, a, (u, b) -> vector(u, b, SYS_READV, true), Wakeup.POLLIN);
        h[SYS_WRITEV] = (t, a) -> piped(t, waiting(t, a, (u, b) -> vector(u, b, SYS_WRITEV, false), Wakeup.POLLOUT));
        h[SYS_PREADV] = (t, a) -> vector(t, a, SYS_PREADV, true);
        h[SYS_PWRITEV] = (t, a) -> vector(t, a, SYS_PWRITEV, false);
        h[SYS_CLOSE] = (t, a) -> t.process().fds().close(a[0]);
        h[SYS_CLOSE_RANGE] = FileCalls::closeRange;
        h[SYS_DUP] = (t, a) -> t.process().fds().duplicate(a[0], false, 0);
        h[SYS_DUP2] = FileCalls::dup2;
        h[SYS_DUP3] = FileCalls::dup3;
        h[SYS_PIPE] = (t, a) -> pipe(t, a[0], 0);
        h[SYS_PIPE2] = (t, a) -> pipe(t, a[0], a[1]);
        h[SYS_FCNTL] = FileCalls::fcntl;
        h[SYS_IOCTL] = Ioctls::ioctl;
    }

    /** Waits until a call will not block, so that a signal can end the wait. */
    private static long waiting(Task t, long[] a, Handler call, short events) {
        int hostFd = t.process().fds().host(a[0]);
        if (FileKinds.mayBlock(hostFd) && FdTable.blocks(hostFd)) {
            t.wakeup().descriptor(0, hostFd, events);
            long ready = t.wakeup().await(1, -1);
            if (ready < 0) {
                return ready;
            }
        }
        return call.call(t, a);
    }

    /** A pipe without reader raises a signal, too. */
    private static long piped(Task t, long result) {
        if (result == -Errno.EPIPE) {
            t.process().send(new SignalInfo(Signals.SIGPIPE, SignalInfo.SI_KERNEL, 0));
        }
        return result;
    }

    private static long vector(Task t, long[] a, int number, boolean reads) {
        int hostFd = t.process().fds().host(a[0]);
        if (a[2] < 0 || a[2] > MOST_VECTORS) {
            return -Errno.EINVAL;
        }
        UserMemory m = t.memory();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vectors = arena.allocate(Math.max(1, a[2]) * IOVEC_BYTES, 8);
            for (int i = 0; i < a[2]; i++) {
                long base = m.getLong(a[1] + (long) i * IOVEC_BYTES);
                long size = m.getLong(a[1] + (long) i * IOVEC_BYTES + 8);
                if (size < 0) {
                    return -Errno.EINVAL;
                }
                long host = size == 0 ? 0 : reads ? m.out(base, size) : m.in(base, size);
                vectors.set(ValueLayout.JAVA_LONG, (long) i * IOVEC_BYTES, host);
                vectors.set(ValueLayout.JAVA_LONG, (long) i * IOVEC_BYTES + 8, size);
            }
            long result = RawSyscall.call(number, hostFd, vectors.address(), a[2], a[3], a[4], 0);
            for (long i = 0; reads && i < a[2]; i++) {
                long host = vectors.get(ValueLayout.JAVA_LONG, i * IOVEC_BYTES);
                if (host != 0) {
                    m.space()
                            .wrote(
                                    host - m.space().hostAddress(0),
                                    vectors.get(ValueLayout.JAVA_LONG, i * IOVEC_BYTES + 8));
                }
            }
            return result;
        }
    }

    private static long closeRange(Task t, long[] a) {
        if (a[2] != 0 || Long.compareUnsigned(a[0], a[1]) > 0) {
            return -Errno.EINVAL;
        }
        int last = (int) Math.min(a[1] & 0xffff_ffffL, FdTable.SIZE);
        t.process().fds().closeRange((int) Math.min(a[0], FdTable.SIZE), last);
        return 0;
    }

    private static long dup2(Task t, long[] a) {
        if (a[0] == a[1]) {
            t.process().fds().host(a[0]);
            return a[0];
        }
        return t.process().fds().duplicateTo(a[0], (int) a[1], false);
    }

    private static long dup3(Task t, long[] a) {
        if (a[0] == a[1] || (a[2] & ~O_CLOEXEC) != 0) {
            return -Errno.EINVAL;
        }
        return t.process().fds().duplicateTo(a[0], (int) a[1], a[2] != 0);
    }

    private static long pipe(Task t, long address, long flags) {
        UserMemory m = t.memory();
        m.out(address, 8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(8, 8);
            long result = RawSyscall.call(SYS_PIPE2, pair.address(), flags | O_CLOEXEC, 0, 0, 0, 0);
            if (result < 0) {
                return result;
            }
            boolean atExec = (flags & O_CLOEXEC) != 0;
            FdTable fds = t.process().fds();
            long in = fds.install(pair.get(ValueLayout.JAVA_INT, 0), atExec);
            long out = fds.install(pair.get(ValueLayout.JAVA_INT, 4), atExec);
            if (in < 0 || out < 0) {
                if (in >= 0) {
                    fds.close(in);
                }
                return -Errno.EMFILE;
            }
            m.putInt(address, (int) in);
            m.putInt(address + 4, (int) out);
            return 0;
        }
    }

    private static long fcntl(Task t, long[] a) {
        FdTable fds = t.process().fds();
        int command = (int) a[1];
        return switch (command) {
            case F_DUPFD -> fds.duplicate(a[0], false, (int) a[2]);
            case F_DUPFD_CLOEXEC -> fds.duplicate(a[0], true, (int) a[2]);
            case F_GETFD -> fds.closesOnExec(a[0]) ? 1 : 0;
            case F_SETFD -> {
                fds.closeOnExec(a[0], (a[2] & 1) != 0);
                yield 0;
            }
            case F_GETFL, F_SETFL, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS ->
                RawSyscall.call(SYS_FCNTL, fds.host(a[0]), command, a[2], 0, 0, 0);
            case F_GETLK, F_SETLK, F_SETLKW ->
                RawSyscall.call(SYS_FCNTL, fds.host(a[0]), command, t.memory().out(a[2], FLOCK_BYTES), 0, 0, 0);
            default -> -Errno.EINVAL;
        };
    }
}
