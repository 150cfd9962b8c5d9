// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.util.Arrays;

/** A program's file descriptors, and the host's behind them. A program cannot name a descriptor that it did not open. */
final class FdTable {
    /** How many a program may have. */
    static final int SIZE = 1024;

    private static final int NONE = -1;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_FCNTL = 72;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_GETFL = 3;
    private static final int O_NONBLOCK = 0x800;
    /** Duplicates of ours are out of the way of what the host opens and closes by itself. */
    private static final int FIRST_HOST = 256;

    private final int[] host = new int[SIZE];
    private final boolean[] closeOnExec = new boolean[SIZE];

    private FdTable() {
        Arrays.fill(host, NONE);
    }

    /** The standard three, as far as the host's process has them. */
    static FdTable standard() {
        FdTable table = new FdTable();
        for (int fd = 0; fd < 3; fd++) {
            table.host[fd] = (int) Math.max(NONE, duplicate(fd));
        }
        return table;
    }

    /** A copy for a forked program. */
    synchronized FdTable fork() {
        FdTable copy = new FdTable();
        for (int fd = 0; fd < SIZE; fd++) {
            if (host[fd] != NONE) {
                copy.host[fd] = (int) Math.max(NONE, duplicate(host[fd]));
                copy.closeOnExec[fd] = closeOnExec[fd];
            }
        }
        return copy;
    }

    /** The host's descriptor. */
    synchronized int host(long fd) {
        int n = (int) fd;
        if (n < 0 || n >= SIZE || host[n] == NONE) {
            throw new Refused(Errno.EBADF);
        }
        return host[n];
    }

    /** Gives a descriptor of the host's, or passes its error on. */
    synchronized long install(long hostFd, boolean atExec, int from) {
        if (hostFd < 0) {
            return hostFd;
        }
        for (int fd = Math.max(0, from); fd < SIZE; fd++) {
            if (host[fd] == NONE) {
                host[fd] = (int) hostFd;
                closeOnExec[fd] = atExec;
                return fd;
            }
        }
        closeHost((int) hostFd);
        return -Errno.EMFILE;
    }

    long install(long hostFd, boolean atExec) {
        return install(hostFd, atExec, 0);
    }

    /** Another descriptor for the same file. */
    synchronized long duplicate(long fd, boolean atExec, int from) {
        return install(duplicate(host(fd)), atExec, from);
    }

    /** As {@link #duplicate}, with a number that the program has chosen. */
    synchronized long duplicateTo(long fd, int to, boolean atExec) {
        int source = host(fd);
        if (to < 0 || to >= SIZE) {
            return -Errno.EBADF;
        }
        long copy = duplicate(source);
        if (copy < 0) {
            return copy;
        }
        if (host[to] != NONE) {
            closeHost(host[to]);
        }
        host[to] = (int) copy;
        closeOnExec[to] = atExec;
        return to;
    }

    synchronized long close(long fd) {
        int hostFd = host(fd);
        host[(int) fd] = NONE;
        return closeHost(hostFd);
    }

    synchronized boolean closesOnExec(long fd) {
        host(fd);
        return closeOnExec[(int) fd];
    }

    synchronized void closeOnExec(long fd, boolean value) {
        host(fd);
        closeOnExec[(int) fd] = value;
    }

    synchronized void exec() {
        for (int fd = 0; fd < SIZE; fd++) {
            if (host[fd] != NONE && closeOnExec[fd]) {
                close(fd);
            }
        }
    }

    synchronized void closeAll() {
        closeRange(0, SIZE - 1);
    }

    synchronized void closeRange(int first, int last) {
        for (int fd = Math.max(0, first); fd <= Math.min(last, SIZE - 1); fd++) {
            if (host[fd] != NONE) {
                close(fd);
            }
        }
    }

    /** Whether a file's reads and writes wait. */
    static boolean blocks(int hostFd) {
        return (RawSyscall.call(SYS_FCNTL, hostFd, F_GETFL, 0, 0, 0, 0) & O_NONBLOCK) == 0;
    }

    private static long duplicate(int hostFd) {
        return RawSyscall.call(SYS_FCNTL, hostFd, F_DUPFD_CLOEXEC, FIRST_HOST, 0, 0, 0);
    }

    private static long closeHost(int hostFd) {
        return RawSyscall.call(SYS_CLOSE, hostFd, 0, 0, 0, 0, 0);
    }
}
