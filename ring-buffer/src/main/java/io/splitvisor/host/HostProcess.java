// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** What the host calls a thread, and what Dom0 does to a guest's process beside starting it: signals and resource limits. */
public final class HostProcess {
    /** Stops a process until {@link #SIGCONT}. */
    public static final int SIGSTOP = 19;

    /** Lets a stopped process go on. */
    public static final int SIGCONT = 18;

    /** Ends a process at once. */
    public static final int SIGKILL = 9;

    /** RLIMIT_DATA of prlimit(2): private writable memory, in bytes. */
    public static final int RLIMIT_DATA = 2;

    /** RLIMIT_NOFILE of prlimit(2): open descriptors. */
    public static final int RLIMIT_NOFILE = 7;

    /** RLIMIT_AS of prlimit(2): address space, in bytes. */
    public static final int RLIMIT_AS = 9;

    private static final MethodHandle KILL = Native.linkWords("kill");
    private static final MethodHandle PRLIMIT = Native.linkWords("prlimit");
    private static final MethodHandle CLOCK_GETTIME = Native.linkWords("clock_gettime");
    private static final int CPUCLOCK_SCHED = 2;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private static final class ThreadId {
        private static final MethodHandle GETTID = Native.linkWords("gettid");
    }

    private HostProcess() {}

    /** The host's number for the calling thread. */
    public static int currentThread() {
        return Native.callInt(ThreadId.GETTID, Native.state());
    }

    /**
     * Sends a signal.
     *
     * @param pid one process; the values with which kill(2) means a group, or everybody, are refused
     * @return false if there is no such process
     * @throws HostException if it may not be signalled
     */
    public static boolean signal(long pid, int signal) {
        int target = requireOne(pid);
        MemorySegment state = Native.state();
        if (Native.callInt(KILL, state, target, signal) == 0) {
            return true;
        }
        if (Native.errno(state) == Errno.ESRCH) {
            return false;
        }
        throw Native.failure("kill " + pid, state);
    }

    /** Sets soft and hard limit of a resource of a process. */
    public static void limit(long pid, int resource, long value) {
        int target = requireOne(pid);
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment limit = scratch.allocate(LONG, 2);
            limit.setAtIndex(LONG, 0, value);
            limit.setAtIndex(LONG, 1, value);
            if (Native.callInt(PRLIMIT, state, target, resource, limit.address()) != 0) {
                throw Native.failure("prlimit " + pid, state);
            }
        }
    }

    /** Processor time that a process has used, its threads that have ended included, in nanoseconds; 0 if it is gone. */
    public static long cpuNanos(long pid) {
        // A process's clock has its id, inverted, above three bits that say which clock.
        int clock = ~requireOne(pid) << 3 | CPUCLOCK_SCHED;
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment time = scratch.allocate(LONG, 2);
            boolean read = Native.callInt(CLOCK_GETTIME, state, clock, time.address()) == 0;
            return read ? time.getAtIndex(LONG, 0) * NANOS_PER_SECOND + time.getAtIndex(LONG, 1) : 0;
        }
    }

    private static int requireOne(long pid) {
        if (pid <= 0 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("process id " + pid);
        }
        return (int) pid;
    }
}
