// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A guest's end of its shared ring page, {@code struct xenstore_domain_interface}. It has no thread: whoever owns the
 * event channel calls {@link #onEvent} when it fires, and threads that wait for an answer look for themselves, so that a
 * guest with one thread works too.
 *
 * <p>When the rings have become unusable, it asks xenstored for fresh ones, where xenstored can do that ({@link
 * XsWire#FEATURE_RECONNECTION}): while the connection word says so, nobody touches the rings. A connection that needs this
 * again and again ends.
 */
public final class RingTransport implements XenstoreTransport {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final long STALLED_NANOS = 60_000_000_000L;
    private static final long MAX_PAUSE_NANOS = 1_000_000;

    /** How often it may start over in {@link #RESTART_NANOS}. */
    private static final int MOST_RESTARTS = 5;

    private static final long RESTART_NANOS = 60_000_000_000L;
    private static final int GONE = Integer.MIN_VALUE;
    private static final String BAD_INDICES = "the ring's indices are impossible";

    private final MemorySegment page;
    private final Runnable notify;
    private final ByteRing requests;
    private final ByteRing replies;
    private final byte[] buffer = new byte[XsWire.RING_SIZE];
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Receiver receiver;
    private volatile String closed;

    /** What is wrong with the rings, found by a sender; whoever looks at them next starts over. */
    private volatile String trouble;

    // Guarded by this: who writes requests holds it, so that nobody does while the rings are emptied.
    private int generation;

    // Of the thread that looks.
    private int restarts;
    private long firstRestart;
    private volatile Thread sender;

    /**
     * @param page the interface page, 4096 bytes
     * @param notify signals the event channel to xenstored
     */
    public RingTransport(MemorySegment page, Runnable notify) {
        this.page = page;
        this.notify = notify;
        this.requests = new ByteRing(page, XsWire.REQ, XsWire.RING_SIZE, XsWire.REQ_CONS, XsWire.REQ_PROD);
        this.replies = new ByteRing(page, XsWire.RSP, XsWire.RING_SIZE, XsWire.RSP_CONS, XsWire.RSP_PROD);
    }

    /** The event channel fired. Cheap; from any thread. */
    public void onEvent() {
        poll();
        Thread waiting = sender;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** What xenstored says it can do: {@link XsWire#FEATURE_ERROR} and so on. */
    public int serverFeatures() {
        return (int) INT.getAcquire(page, (long) XsWire.SERVER_FEATURES);
    }

    @Override
    public void open(Receiver to) {
        receiver = to;
    }

    @Override
    public boolean needsPolling() {
        return true;
    }

    @Override
    public void poll() {
        // One thread reads the ring; one that comes meanwhile makes it look once more.
        if (receiver == null || looks.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            drain();
            seen = looks.addAndGet(-seen);
        } while (seen != 0);
    }

    private void drain() {
        boolean moved = false;
        while (closed == null && isConnected()) {
            String wrong = trouble;
            int count = wrong == null ? replies.read(buffer, 0, buffer.length) : 0;
            if (count == ByteRing.CORRUPT) {
                wrong = BAD_INDICES;
            } else if (count == 0 && wrong == null) {
                wrong = givenUp();
            }
            if (wrong != null) {
                startOver(wrong);
                break;
            }
            if (count == 0) {
                break;
            }
            moved = true;
            receiver.received(buffer, 0, count);
        }
        if (moved) {
            notify.run();
        }
    }

    /** What xenstored found wrong; null if nothing. */
    private String givenUp() {
        if ((serverFeatures() & XsWire.FEATURE_ERROR) == 0) {
            return null;
        }
        int error = (int) INT.getAcquire(page, (long) XsWire.ERROR);
        return error == XsWire.ERROR_NONE ? null : "xenstored gave the connection up, error " + error;
    }

    private void startOver(String why) {
        long now = System.nanoTime();
        if (restarts == 0 || now - firstRestart > RESTART_NANOS) {
            restarts = 0;
            firstRestart = now;
        }
        if ((serverFeatures() & XsWire.FEATURE_RECONNECTION) == 0 || ++restarts > MOST_RESTARTS) {
            end(why);
            return;
        }
        synchronized (this) {
            generation++;
            trouble = null;
            // Pairs with the server's acquire; its answer, 0, comes with empty rings.
            INT.setRelease(page, (long) XsWire.CONNECTION, XsWire.RECONNECT);
        }
        receiver.restarted(why);
        notify.run();
    }

    private synchronized int generation() {
        return generation;
    }

    /** Writes what fits; {@link #GONE} if the connection has started over since. */
    private synchronized int write(byte[] bytes, int at, int expected) {
        if (generation != expected) {
            return GONE;
        }
        return closed == null && isConnected() ? requests.write(bytes, at, bytes.length - at) : 0;
    }

    private boolean isConnected() {
        return (int) INT.getAcquire(page, (long) XsWire.CONNECTION) == XsWire.CONNECTED;
    }

    @Override
    public void send(byte[] bytes) {
        int at = 0;
        int expected = generation();
        long deadline = System.nanoTime() + STALLED_NANOS;
        long pause = 20_000;
        // A message that has begun must end, or the next one is read as its rest: an interrupt has to wait.
        boolean interrupted = false;
        try {
            sender = Thread.currentThread();
            while (at < bytes.length) {
                int count = write(bytes, at, expected);
                if (count > 0) {
                    at += count;
                    notify.run();
                    deadline = System.nanoTime() + STALLED_NANOS;
                    pause = 20_000;
                    continue;
                }
                if (count == GONE) {
                    throw new XenstoreException(XsError.EIO, "send", "the connection started over");
                }
                if (count == ByteRing.CORRUPT) {
                    trouble = BAD_INDICES;
                }
                poll();
                if (closed == null && System.nanoTime() - deadline > 0) {
                    end("xenstored does not read the ring");
                }
                if (closed != null) {
                    throw new XenstoreException(XsError.EIO, "send", closed);
                }
                interrupted |= Thread.interrupted();
                LockSupport.parkNanos(this, pause);
                pause = Math.min(2 * pause, MAX_PAUSE_NANOS);
            }
        } finally {
            sender = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void end(String reason) {
        closed = reason;
        Receiver to = receiver;
        if (to != null) {
            to.closed(reason);
        }
    }

    @Override
    public void close() {
        if (closed == null) {
            closed = "closed";
        }
    }
}
