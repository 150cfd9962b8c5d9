// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;

/** Requests to devices: those of terminals, and how much there is to read. */
final class Ioctls {
    private static final int SYS_IOCTL = 16;
    private static final int TCGETS = 0x5401;
    private static final int TCSETS = 0x5402;
    private static final int TCSETSW = 0x5403;
    private static final int TCSETSF = 0x5404;
    private static final int TIOCGPGRP = 0x540f;
    private static final int TIOCGWINSZ = 0x5413;
    private static final int FIONREAD = 0x541b;
    private static final int FIONBIO = 0x5421;
    private static final int FIONCLEX = 0x5450;
    private static final int FIOCLEX = 0x5451;
    /** struct termios of the kernel's. */
    private static final int TERMIOS_BYTES = 36;

    private Ioctls() {}

    static long ioctl(Task t, long[] a) {
        FdTable fds = t.process().fds();
        int hostFd = fds.host(a[0]);
        int request = (int) a[1];
        return switch (request) {
            case TCGETS -> pass(t, hostFd, request, a[2], TERMIOS_BYTES, true);
            case TCSETS, TCSETSW, TCSETSF -> pass(t, hostFd, request, a[2], TERMIOS_BYTES, false);
            case TIOCGWINSZ -> pass(t, hostFd, request, a[2], 8, true);
            case FIONREAD, TIOCGPGRP -> pass(t, hostFd, request, a[2], 4, true);
            case FIONBIO -> pass(t, hostFd, request, a[2], 4, false);
            case FIOCLEX, FIONCLEX -> {
                fds.closeOnExec(a[0], request == FIOCLEX);
                yield 0;
            }
            default -> -Errno.ENOTTY;
        };
    }

    private static long pass(Task t, int hostFd, int request, long address, int size, boolean out) {
        long host = out ? t.memory().out(address, size) : t.memory().in(address, size);
        return RawSyscall.call(SYS_IOCTL, hostFd, request, host, 0, 0, 0);
    }
}
