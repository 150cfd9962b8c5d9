// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
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

    private static final MethodHandle KILL = Native.link("kill", INT, INT, INT);
    private static final MethodHandle PRLIMIT = Native.link("prlimit", INT, INT, INT, LONG, LONG);

    private static final class ThreadId {
        private static final MethodHandle GETTID = Native.linkWords("gettid");
    }

    private HostProcess() {}

    /** The host's number for the calling thread. */
    public static int currentThread() {
        try {
            return (int) (long) ThreadId.GETTID.invokeExact(Native.state(), 0L, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
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
        try {
            if ((int) KILL.invokeExact(state, target, signal) == 0) {
                return true;
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
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
            if ((int) PRLIMIT.invokeExact(state, target, resource, limit.address(), 0L) != 0) {
                throw Native.failure("prlimit " + pid, state);
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static int requireOne(long pid) {
        if (pid <= 0 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("process id " + pid);
        }
        return (int) pid;
    }
}
