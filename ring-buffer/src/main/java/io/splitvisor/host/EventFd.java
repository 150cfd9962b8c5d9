// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
import static io.splitvisor.host.Native.LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What wakes a process: a Linux eventfd, or, where the waiter is not trusted, a pipe ({@link #createOneWay}). An eventfd is one
 * open file to all that hold it, so a hostile waiter could make it blocking and fill its count, and the next signal would
 * block its sender; the two ends of a pipe are two open files.
 */
public final class EventFd implements AutoCloseable {
    private static final MethodHandle WRITE = Native.linkWords("write");
    private static final MethodHandle READ = Native.linkWords("read");
    private static final long EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;

    /** Linked by the creator only. */
    private static final class Creation {
        private static final MethodHandle EVENTFD = Native.linkWords("eventfd");
        private static final MethodHandle PIPE2 = Native.linkWords("pipe2");
    }

    // One for all: what is written is always 1, and what is read is of no interest, so threads may overwrite it.
    private static final long ONE = Arena.global().allocateFrom(LONG, 1).address();
    private static final long SINK = Arena.global().allocate(LONG).address();

    private static final String COUNT = "eventfd-count:";

    private final OwnedDescriptor fd;

    /** Where signals are written: the same descriptor, or the other end of the pipe. */
    private final OwnedDescriptor writeEnd;

    private EventFd(int fd) {
        this.fd = new OwnedDescriptor(fd);
        this.writeEnd = this.fd;
    }

    private EventFd(int readEnd, int writeEnd) {
        this.fd = new OwnedDescriptor(readEnd);
        this.writeEnd = new OwnedDescriptor(writeEnd);
    }

    /** Creates a non-blocking eventfd with count 0. */
    public static EventFd create() {
        MemorySegment state = Native.state();
        int fd = Native.callInt(Creation.EVENTFD, state, 0, EFD_NONBLOCK_CLOEXEC);
        if (fd < 0) {
            throw Native.failure("eventfd", state);
        }
        return new EventFd(fd);
    }

    /**
     * Creates a bell for a waiter that is not trusted: {@link #fd} is for the waiter, which reads 8 bytes a signal from it as
     * from an eventfd; {@link #signal} never blocks, whatever the waiter does to its end.
     */
    public static EventFd createOneWay() {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment ends = scratch.allocate(INT, 2);
            if (Native.callInt(Creation.PIPE2, state, ends.address(), EFD_NONBLOCK_CLOEXEC) != 0) {
                throw Native.failure("pipe2", state);
            }
            return new EventFd(ends.getAtIndex(INT, 0), ends.getAtIndex(INT, 1));
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
     * Adds one to the count, which wakes waiters. A count at its maximum, or a pipe
     * that is full, already means "signalled": no error.
     *
     * @throws HostException EBADF after {@link #close}
     */
    public void signal() {
        MemorySegment state = Native.state();
        try {
            long written = (long) WRITE.invokeExact(state, (long) writeEnd.number(), ONE, 8L, 0L, 0L, 0L);
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

    /**
     * How often it was signalled since it was last drained, as the kernel tells; for people. A peer that drains it makes this
     * less than it was.
     *
     * @return -1 where that is not to be known: for a pipe, or after {@link #close}
     */
    public long signals() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/fdinfo", Integer.toString(fd())))) {
            return lines.filter(line -> line.startsWith(COUNT))
                    .mapToLong(line -> Long.parseUnsignedLong(
                            line.substring(COUNT.length()).strip(), 16))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException | UncheckedIOException e) {
            return -1;
        }
    }

    /** Closes the descriptor. Idempotent. */
    @Override
    public void close() {
        fd.close();
        writeEnd.close();
    }
}
