// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/** Signal numbers, sets of them, and what they do where a program has not said otherwise. */
final class Signals {
    static final int SIGHUP = 1;
    static final int SIGINT = 2;
    static final int SIGILL = 4;
    static final int SIGTRAP = 5;
    static final int SIGABRT = 6;
    static final int SIGBUS = 7;
    static final int SIGFPE = 8;
    static final int SIGKILL = 9;
    static final int SIGSEGV = 11;
    static final int SIGPIPE = 13;
    static final int SIGALRM = 14;
    static final int SIGTERM = 15;
    static final int SIGCHLD = 17;
    static final int SIGCONT = 18;
    static final int SIGSTOP = 19;

    /** Highest number. */
    static final int LAST = 64;

    static final long SIG_DFL = 0;
    static final long SIG_IGN = 1;

    /** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH: nothing, for there is nobody to continue what is stopped. */
    private static final long IGNORED = set(17) | set(18) | set(19) | set(20) | set(21) | set(22) | set(23) | set(28);

    /** KILL and STOP, which nothing holds up. */
    static final long UNBLOCKABLE = set(SIGKILL) | set(SIGSTOP);

    private Signals() {}

    static long set(int signal) {
        return 1L << (signal - 1);
    }

    static boolean in(long set, int signal) {
        return (set & set(signal)) != 0;
    }

    static boolean ignoredByDefault(int signal) {
        return in(IGNORED, signal);
    }

    static boolean valid(long signal) {
        return signal >= 1 && signal <= LAST;
    }
}
