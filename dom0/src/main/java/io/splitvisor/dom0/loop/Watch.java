// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which thread keeps a loop, and what it is in. A thread that does not come back from a worker is relieved by another one; if
 * it does come back, it finds that out before it touches anything of the loop.
 *
 * <p>Whoever relieves it proposes another keeper, then makes sure by a handshake with the thread (that is what a look at its
 * stack is) that it has either left the worker already, or will see the proposal when it does. The thread itself pays two
 * plain stores and a load for each turn of a worker.
 */
final class Watch {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

    private final AtomicReference<State> state = new AtomicReference<>();

    /** A thread's time as the keeper. */
    static final class Shift {
        private final Thread thread;

        /** What it is in; null for nothing that it could be left in. */
        private Object within;

        private Shift(Thread thread) {
            this.thread = thread;
        }
    }

    /**
     * Who keeps the loop.
     *
     * @param proposed who is to do so instead; null if nobody is
     */
    private record State(Shift shift, Shift proposed) {}

    /** A thread is not the loop's any more. */
    static final class Relieved extends RuntimeException {
        private static final long serialVersionUID = 1;

        Relieved() {
            super("relieved", null, false, false);
        }
    }

    /** What a keeper's thread does, until it is over or relieved. */
    static void keep(Runnable loop) {
        try {
            loop.run();
        } catch (Relieved e) {
            LOG.warn(
                    "{}: the thread that was left has come back, and ends",
                    Thread.currentThread().getName());
        }
    }

    /** This thread keeps the loop from now on: the first one. */
    Thread begin(Thread first) {
        state.set(new State(new Shift(first), null));
        return first;
    }

    Thread keeper() {
        return state.get().shift.thread;
    }

    boolean isOn(Thread thread) {
        return keeper() == thread;
    }

    /** The keeper begins something. */
    Shift enter(Object what) {
        Shift mine = state.get().shift;
        mine.within = what;
        return mine;
    }

    /** The keeper has come out of it: whether it still is the keeper. */
    boolean exit(Shift mine) {
        mine.within = null;
        State now = state.get();
        while (now.shift == mine) {
            // Somebody proposed another one, but this one is back in time.
            if (now.proposed == null || state.compareAndSet(now, new State(mine, null))) {
                return true;
            }
            now = state.get();
        }
        return false;
    }

    /**
     * Relieves the keeper, if it is stuck.
     *
     * @param what that it is in
     * @param isStuck whether it still is
     * @param next who keeps the loop then
     * @return false if it is not, and goes on
     */
    synchronized boolean leave(Object what, BooleanSupplier isStuck, Thread next) {
        State before = state.get();
        Shift stuck = before.shift;
        State proposal = new State(stuck, new Shift(next));
        if (stuck.thread == Thread.currentThread() || !state.compareAndSet(before, proposal)) {
            return false;
        }
        StackTraceElement[] handshake = stuck.thread.getStackTrace();
        boolean in = handshake.length > 0 && stuck.within == what && isStuck.getAsBoolean();
        State after = in ? new State(proposal.proposed, null) : before;
        // If the thread has come out meanwhile, it has settled this itself.
        boolean settled = state.compareAndSet(proposal, after);
        if (in && settled) {
            stuck.thread.interrupt();
        }
        return in && settled;
    }
}
