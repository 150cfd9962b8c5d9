// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps those who use something apart from its end: they pass the gate one by one without waiting, and whoever shuts it
 * waits until the last of them has left. Nobody may stay inside for longer than a bell takes to ring.
 *
 * <p>Passages that are to be counted are counted by the same atomic operation that lets them in.
 */
final class Gate {
    private static final long SHUT = Long.MIN_VALUE;

    /** Threads that are inside, or have just come too late: the lower bits. There are never so many. */
    private static final long INSIDE = (1 << 12) - 1;

    /** A passage that counts, in the bits above: enough for seven years of ten million a second. */
    private static final long COUNTED = INSIDE + 1;

    private final AtomicLong state = new AtomicLong();

    /** Whether the caller is in, and has to {@link #leave}. */
    boolean enter() {
        return enter(1);
    }

    /** The same, and counted if the caller is let in. */
    boolean enterCounted() {
        return enter(1 + COUNTED);
    }

    private boolean enter(long passage) {
        if (state.getAndAdd(passage) >= 0) {
            return true;
        }
        state.getAndAdd(-passage);
        return false;
    }

    void leave() {
        state.getAndDecrement();
    }

    /** How many were counted. */
    long counted() {
        return (state.get() & ~SHUT) / COUNTED;
    }

    /** From now on nobody enters; returns when nobody is inside. Idempotent. */
    void shut() {
        long seen = state.get();
        while (seen >= 0 && !state.compareAndSet(seen, seen | SHUT)) {
            seen = state.get();
        }
        // Those who came too late are counted for a moment, too: they leave by themselves.
        while ((state.get() & INSIDE) != 0) {
            Thread.yield();
        }
    }
}
