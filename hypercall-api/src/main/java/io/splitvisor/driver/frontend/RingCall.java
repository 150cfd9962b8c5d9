// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A request on its way through a {@link FrontQueue}: made once, and submitted again and again. {@link Call} is the one for
 * every protocol; a driver that wants its own kind, with buffers that belong to it, extends this class.
 *
 * <p>Belongs to one thread at a time. From {@link FrontQueue#submit} until {@link #isDone} it belongs to the queue. The
 * protected methods are called under the queue's lock: they must neither block nor submit, but for {@link #completed}, which
 * may submit.
 */
public abstract class RingCall {
    /** How a call that is done went. */
    public enum Outcome {
        /** There is a response, whatever it says. */
        ANSWERED,
        /** The back end that came back does not take such requests. */
        UNSUPPORTED,
        /** The connection was lost before the response, and the protocol says that requests are not made again. */
        LOST,
        /** The device was taken away, or closed. */
        GONE,
        /** The back end broke the rules; the device is not used any more. */
        MISBEHAVED
    }

    private static final VarHandle DONE;
    private static final VarHandle QUEUE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            DONE = lookup.findVarHandle(RingCall.class, "done", boolean.class);
            QUEUE = lookup.findVarHandle(RingCall.class, "queue", FrontQueue.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // The queue's, under its lock, while the call is submitted.
    RingCall next;
    long sequence;
    Thread waiter;

    // Read through a handle, which Error Prone does not see.
    @SuppressWarnings("UnusedVariable")
    private FrontQueue queue;

    private Outcome outcome = Outcome.ANSWERED;

    /** Written with release when the call is done, and read with acquire: whoever sees it sees the response. */
    @SuppressWarnings("UnusedVariable") // As above.
    private boolean done = true;

    /** Makes a call that is done. */
    protected RingCall() {}

    /** Whether the back end takes a request like this. */
    protected boolean fits(Link link) {
        return true;
    }

    /** {@link #put} for a slot by its address: a kind of call that has it by address needs no object for it. */
    void putAt(long slot, long slotBytes, Link link) {
        put(HostMemory.slice(slot, slotBytes), 0, link);
    }

    /** {@link #take}, likewise. */
    boolean takeAt(long slot, long slotBytes) {
        return take(HostMemory.slice(slot, slotBytes), 0);
    }

    /** Grants what has to be granted, and writes the request, all but its id, into a slot. */
    protected abstract void put(MemorySegment ring, long at, Link link);

    /**
     * Reads the response, every byte once.
     *
     * @return false if it is no response to this request; the back end is given up then
     */
    protected abstract boolean take(MemorySegment ring, long at);

    /**
     * Takes the pages back from a back end that does not keep mappings.
     *
     * @return false if it still has one mapped; it is given up then
     */
    protected boolean reclaim() {
        return true;
    }

    /** The call is over without a response. As long as the back end has a page mapped, it may still write to it. */
    protected void lost() {}

    /** The call is done. Called by the thread that found the response; it may submit the call again. */
    protected void completed() {}

    /** Bytes that it moves, for the counters. */
    protected long bytes() {
        return 0;
    }

    /** Whether it is not in flight: new, or done. */
    public final boolean isDone() {
        return (boolean) DONE.getAcquire(this);
    }

    /** How it went, once it is done. */
    public final Outcome outcome() {
        return outcome;
    }

    /** Waits until it is done. */
    public final void awaitDone() {
        if (!isDone()) {
            FrontQueue.await(this);
        }
    }

    /** @throws IllegalStateException if it is in flight */
    protected final void requireIdle() {
        if (!isDone()) {
            throw new IllegalStateException("the request is in flight");
        }
    }

    /** The queue takes it over. */
    final void begin(FrontQueue taker) {
        requireIdle();
        if (queue() != taker) {
            moveTo(taker);
        }
        sequence = taker.nextNumber();
        DONE.setOpaque(this, false);
    }

    /** The queue that has it, or had it last. Whoever does not hold that queue's lock may be late. */
    final FrontQueue queue() {
        return (FrontQueue) QUEUE.getOpaque(this);
    }

    final void moveTo(FrontQueue taker) {
        QUEUE.setOpaque(this, taker);
    }

    /** The queue gives it back. */
    final void end(Outcome how) {
        if (outcome != how) {
            outcome = how;
        }
        // Last: whoever sees it may submit again at once.
        DONE.setRelease(this, true);
    }
}
