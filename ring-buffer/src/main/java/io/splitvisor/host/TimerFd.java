// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * A descriptor that becomes readable at a time (timerfd_create(2)), to be waited for beside others; finer than the
 * milliseconds of poll and epoll. One thread at a time.
 */
public final class TimerFd implements AutoCloseable {
    private static final MethodHandle CREATE = Native.linkWords("timerfd_create");
    private static final MethodHandle SET = Native.linkWords("timerfd_settime");
    private static final long CLOCK_MONOTONIC = 1;
    private static final long NONBLOCK_CLOEXEC = 0x800 | 0x80000;
    private static final long ABSOLUTE = 1;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    // struct itimerspec: interval and first time, each in seconds and nanoseconds.
    private static final long SECONDS = 16;
    private static final long NANOS = 24;

    private final MemorySegment setting = Arena.ofAuto().allocate(32, Long.BYTES);
    private final OwnedDescriptor fd;

    /** Creates a timer that is not set. */
    public TimerFd() {
        MemorySegment state = Native.state();
        int number = Native.callInt(CREATE, state, CLOCK_MONOTONIC, NONBLOCK_CLOEXEC);
        if (number < 0) {
            throw Native.failure("timerfd_create", state);
        }
        fd = new OwnedDescriptor(number);
    }

    /** The descriptor. Stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return fd.number();
    }

    /**
     * Sets the time, in place of the one set before, whether it has come or not.
     *
     * @param nanoTime on the clock of {@link System#nanoTime}; a time that has passed comes at once
     */
    public void set(long nanoTime) {
        // 0 would mean never.
        long at = Math.max(1, nanoTime);
        setting.set(LONG, SECONDS, at / NANOS_PER_SECOND);
        setting.set(LONG, NANOS, at % NANOS_PER_SECOND);
        MemorySegment state = Native.state();
        try {
            long result = (long) SET.invokeExact(state, (long) fd.number(), ABSOLUTE, setting.address(), 0L, 0L, 0L);
            if ((int) result != 0) {
                throw Native.failure("timerfd_settime", state);
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        } finally {
            Reference.reachabilityFence(setting);
        }
    }

    /** Closes the descriptor. Idempotent. */
    @Override
    public void close() {
        fd.close();
    }
}
