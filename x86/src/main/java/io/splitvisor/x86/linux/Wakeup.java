// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Lets a thread wait in the host's poll(2) until something is ready, a time has passed, or somebody wakes it. */
final class Wakeup implements AutoCloseable {
    /** struct pollfd: int fd, short events, short revents. */
    static final int POLLFD_BYTES = 8;

    static final short POLLIN = 1;
    static final short POLLOUT = 4;

    private static final int SYS_READ = 0;
    private static final int SYS_WRITE = 1;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_PPOLL = 271;
    private static final int SYS_EVENTFD2 = 290;
    private static final int EFD_CLOEXEC_NONBLOCK = 0x8_0800;
    /** All descriptors that a program may have, and ours. */
    private static final int MOST = FdTable.SIZE + 1;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment polls = arena.allocate((long) MOST * POLLFD_BYTES, 8);
    private final MemorySegment time = arena.allocate(16, 8);
    private final MemorySegment word = arena.allocate(8, 8);
    private final MemorySegment one = arena.allocate(8, 8);
    private final int fd = (int) RawSyscall.call(SYS_EVENTFD2, 0, EFD_CLOEXEC_NONBLOCK, 0, 0, 0, 0);
    private boolean closed;

    Wakeup() {
        one.set(ValueLayout.JAVA_LONG, 0, 1);
    }

    /** Ends the current wait, or else the next one. */
    synchronized void wake() {
        if (!closed) {
            RawSyscall.call(SYS_WRITE, fd, one.address(), 8, 0, 0, 0);
        }
    }

    /** Forgets wakes that have been seen. */
    void drain() {
        RawSyscall.call(SYS_READ, fd, word.address(), 8, 0, 0, 0);
    }

    void descriptor(int n, int hostFd, short events) {
        polls.set(ValueLayout.JAVA_INT, (long) n * POLLFD_BYTES, hostFd);
        polls.set(ValueLayout.JAVA_SHORT, (long) n * POLLFD_BYTES + 4, events);
        polls.set(ValueLayout.JAVA_SHORT, (long) n * POLLFD_BYTES + 6, (short) 0);
    }

    short ready(int n) {
        return polls.get(ValueLayout.JAVA_SHORT, (long) n * POLLFD_BYTES + 6);
    }

    /**
     * Waits for the first {@code count} of {@link #descriptor}.
     *
     * @param nanoseconds how long, or a negative number for ever
     * @return how many are ready, 0 after the time, or a negative errno: -ERESTART if woken and nothing is ready
     */
    long await(int count, long nanoseconds) {
        descriptor(count, fd, POLLIN);
        if (nanoseconds >= 0) {
            time.set(ValueLayout.JAVA_LONG, 0, nanoseconds / 1_000_000_000);
            time.set(ValueLayout.JAVA_LONG, 8, nanoseconds % 1_000_000_000);
        }
        long result;
        do {
            // An EINTR is the JVM's own signal.
            result = RawSyscall.call(
                    SYS_PPOLL, polls.address(), count + 1, nanoseconds < 0 ? 0 : time.address(), 0, 8, 0);
        } while (result == -Errno.EINTR);
        if (result <= 0 || ready(count) == 0) {
            return result;
        }
        return result > 1 ? result - 1 : -Task.ERESTART;
    }

    @Override
    public synchronized void close() {
        closed = true;
        RawSyscall.call(SYS_CLOSE, fd, 0, 0, 0, 0, 0);
        arena.close();
    }
}
