// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;

/** A process's current directory: the host's own until the process has changed it. */
final class Directory {
    /** Names it, in system calls. */
    static final int AT_FDCWD = -100;

    private static final int SYS_CLOSE = 3;
    private static final int SYS_FCNTL = 72;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private int hostFd = AT_FDCWD;

    /** The host's descriptor of it, or {@link #AT_FDCWD}. */
    synchronized int hostFd() {
        return hostFd;
    }

    /** Changes it; the descriptor belongs to this object from now on. */
    synchronized void change(int newHostFd) {
        close();
        hostFd = newHostFd;
    }

    /** A path that the host's Java finds, too. */
    synchronized String absolute(String path) {
        boolean relative = hostFd != AT_FDCWD && !path.startsWith("/");
        return relative ? "/proc/self/fd/" + hostFd + "/" + path : path;
    }

    synchronized Directory fork() {
        Directory copy = new Directory();
        if (hostFd != AT_FDCWD) {
            copy.hostFd = (int) RawSyscall.call(SYS_FCNTL, hostFd, F_DUPFD_CLOEXEC, 0, 0, 0, 0);
        }
        return copy;
    }

    private void close() {
        if (hostFd != AT_FDCWD) {
            RawSyscall.call(SYS_CLOSE, hostFd, 0, 0, 0, 0, 0);
        }
    }
}
