// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A Linux eventfd: a counter that wakes whoever waits for it, in this process or another. */
public final class EventFd implements AutoCloseable {
    private static final MethodHandle WRITE = Native.linkWords("write");
    private static final MethodHandle READ = Native.linkWords("read");
    private static final int EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;

    /** Linked by the creator only. */
    private static final class Creation {
        private static final MethodHandle EVENTFD = Native.link("eventfd", INT, INT, INT);
    }

    // One for all: what is written is always 1, and what is read is of no interest, so threads may overwrite it.
    private static final long ONE = Arena.global().allocateFrom(LONG, 1).address();
    private static final long SINK = Arena.global().allocate(LONG).address();

    private final OwnedDescriptor fd;

    private EventFd(int fd) {
        this.fd = new OwnedDescriptor(fd);
    }

    /** Creates a non-blocking eventfd with count 0. */
    public static EventFd create() {
        MemorySegment state = Native.state();
        try {
            int fd = (int) Creation.EVENTFD.invokeExact(state, 0, EFD_NONBLOCK_CLOEXEC);
            if (fd < 0) {
                throw Native.failure("eventfd", state);
            }
            return new EventFd(fd);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Takes over an eventfd received from a peer; it has to be non-blocking. */
    public static EventFd of(int fd) {
        return new EventFd(fd);
    }

    /** The descriptor, to be waited for or passed on. Stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return fd.number();
    }

    /**
     * Adds one to the count, which wakes waiters. A count at its maximum already means "signalled": no error.
     *
     * @throws HostException EBADF after {@link #close}
     */
    public void signal() {
        MemorySegment state = Native.state();
        try {
            long written = (long) WRITE.invokeExact(state, (long) fd.number(), ONE, 8L, 0L, 0L, 0L);
            if (written < 0 && Native.errno(state) != Errno.EAGAIN) {
                throw Native.failure("write eventfd", state);
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Sets the count to zero. Returns whether it was signalled; false after {@link #close}. */
    public boolean drain() {
        MemorySegment state = Native.state();
        try {
            return (long) READ.invokeExact(state, (long) fd.number(), SINK, 8L, 0L, 0L, 0L) == 8;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Closes the descriptor. Idempotent. */
    @Override
    public void close() {
        fd.close();
    }
}
