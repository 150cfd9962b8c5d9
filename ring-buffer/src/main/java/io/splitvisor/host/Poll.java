// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/** Waits for a few descriptors to become readable (poll(2)). For many, see {@link Poller}. One waiter at a time. */
public final class Poll implements AutoCloseable {
    private static final MethodHandle POLL = Native.linkWords("poll");
    private static final short POLLIN = 1;
    private static final int ENTRY = 8;
    private static final int MOST = Integer.SIZE;

    // Freed when nobody can reach it any more, so that closing under a waiter's feet does no harm.
    private final MemorySegment entries;
    private final int count;
    private volatile boolean closed;

    /** Waits for these descriptors, at most 32, which stay the caller's. Negative ones are never ready. */
    public Poll(int... fds) {
        if (fds.length > MOST) {
            throw new IllegalArgumentException(fds.length + " descriptors, at most " + MOST);
        }
        this.count = fds.length;
        this.entries = Arena.ofAuto().allocate((long) fds.length * ENTRY, 8);
        for (int i = 0; i < count; i++) {
            entries.set(ValueLayout.JAVA_INT, (long) i * ENTRY, fds[i]);
            entries.set(ValueLayout.JAVA_SHORT, (long) i * ENTRY + 4, POLLIN);
        }
    }

    /**
     * Waits until one of the descriptors is readable, hung up or in error.
     *
     * @param millis the longest wait; 0 looks only, negative waits for ever
     * @return a bit per descriptor, in the order given to the constructor; 0 if the time is over or a signal came
     * @throws IllegalStateException after {@link #close}
     */
    public int await(int millis) {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        MemorySegment state = Native.state();
        try {
            int ready =
                    (int) (long) POLL.invokeExact(state, entries.address(), (long) count, (long) millis, 0L, 0L, 0L);
            if (ready < 0) {
                if (Native.errno(state) == Errno.EINTR) {
                    return 0;
                }
                throw Native.failure("poll", state);
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        } finally {
            Reference.reachabilityFence(entries);
        }
        int result = 0;
        for (int i = 0; i < count; i++) {
            if (entries.get(ValueLayout.JAVA_SHORT, (long) i * ENTRY + 6) != 0) {
                result |= 1 << i;
            }
        }
        return result;
    }

    /** Frees the list, not the descriptors; the waiter has left before. */
    @Override
    public void close() {
        closed = true;
    }
}
