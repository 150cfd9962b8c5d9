// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * Waits for many descriptors to become readable (epoll(7)). Descriptors may be added and removed by
 * any thread; one thread waits.
 */
public final class Poller implements AutoCloseable {
    private static final MethodHandle EPOLL_CREATE = Native.linkWords("epoll_create1");
    private static final MethodHandle EPOLL_CTL = Native.linkWords("epoll_ctl");
    private static final MethodHandle EPOLL_WAIT = Native.linkWords("epoll_wait");
    private static final int CLOEXEC = 0x80000;
    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    private static final int EPOLLET = 1 << 31;
    private static final long MAX_EVENTS = 64;

    // struct epoll_event is packed on x86-64 and naturally aligned elsewhere.
    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
    private static final int EVENT_BYTES = PACKED ? 12 : 16;
    private static final int DATA_OFFSET = PACKED ? 4 : 8;

    /** Stays as long as anybody waits. */
    private final MemorySegment events = Arena.ofAuto().allocate(MAX_EVENTS * EVENT_BYTES, 8);

    private final OwnedDescriptor fd;

    /** Opens an epoll descriptor. */
    public Poller() {
        MemorySegment state = Native.state();
        int number = Native.callInt(EPOLL_CREATE, state, CLOEXEC);
        if (number < 0) {
            throw Native.failure("epoll_create1", state);
        }
        fd = new OwnedDescriptor(number);
    }

    /**
     * Starts to watch a descriptor.
     *
     * @param token what {@link #token} answers when it is ready
     * @throws HostException EEXIST if it is watched already, EBADF if it or this poller is closed
     */
    public void add(int watched, int token) {
        control(CTL_ADD, watched, token, EPOLLIN);
    }

    /**
     * As {@link #add}, but reports each signal once and needs no read to forget it (EPOLLET). An eventfd that a peer holds,
     * too, is never read this way: the peer could take the count away first, or make the descriptor blocking, and the
     * read would wait for it.
     */
    public void addEdgeTriggered(int watched, int token) {
        control(CTL_ADD, watched, token, EPOLLIN | EPOLLET);
    }

    /** Stops watching a descriptor; to be called before it is closed. */
    public void remove(int watched) {
        control(CTL_DEL, watched, 0, 0);
    }

    private void control(int operation, int watched, int token, int interest) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment event = scratch.allocate(16, 8);
            event.set(ValueLayout.JAVA_INT, 0, interest);
            event.set(ValueLayout.JAVA_INT, DATA_OFFSET, token);
            if (Native.callInt(EPOLL_CTL, state, fd.number(), operation, watched, event.address()) != 0) {
                throw Native.failure("epoll_ctl", state);
            }
        }
    }

    /**
     * Waits for readiness.
     *
     * @param millis the longest wait; 0 looks only, negative waits for ever
     * @return how many descriptors are ready, at most 64; 0 if the time is over or a signal came
     * @throws IllegalStateException after {@link #close}
     */
    public int await(int millis) {
        MemorySegment state = Native.state();
        int number = fd.number();
        if (number < 0) {
            throw new IllegalStateException("the poller is closed");
        }
        try {
            int ready = (int) (long)
                    EPOLL_WAIT.invokeExact(state, (long) number, events.address(), MAX_EVENTS, (long) millis, 0L, 0L);
            if (ready < 0) {
                if (Native.errno(state) == Errno.EINTR) {
                    return 0;
                }
                throw Native.failure("epoll_wait", state);
            }
            return ready;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        } finally {
            Reference.reachabilityFence(events);
        }
    }

    /** The token of the i-th ready descriptor of the last {@link #await}. */
    public int token(int i) {
        return events.get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * EVENT_BYTES + DATA_OFFSET);
    }

    /** Closes the epoll descriptor, not those that it watches; the waiter has left before. */
    @Override
    public void close() {
        fd.close();
    }
}
