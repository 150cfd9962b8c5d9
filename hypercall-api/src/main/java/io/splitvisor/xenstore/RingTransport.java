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
 */
public final class RingTransport implements XenstoreTransport {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final long STALLED_NANOS = 60_000_000_000L;
    private static final long MAX_PAUSE_NANOS = 1_000_000;

    private final MemorySegment page;
    private final Runnable notify;
    private final ByteRing requests;
    private final ByteRing replies;
    private final byte[] buffer = new byte[XsWire.RING_SIZE];
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Receiver receiver;
    private volatile String closed;
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
            int count = replies.read(buffer, 0, buffer.length);
            if (count == ByteRing.CORRUPT) {
                end("the ring's indices are impossible");
                break;
            }
            if (count == 0) {
                int error = (int) INT.getAcquire(page, (long) XsWire.ERROR);
                if (error != XsWire.ERROR_NONE && (serverFeatures() & XsWire.FEATURE_ERROR) != 0) {
                    end("xenstored gave the connection up, error " + error);
                }
                break;
            }
            moved = true;
            receiver.received(buffer, 0, count);
        }
        if (moved) {
            notify.run();
        }
    }

    private boolean isConnected() {
        return (int) INT.getAcquire(page, (long) XsWire.CONNECTION) == XsWire.CONNECTED;
    }

    @Override
    public void send(byte[] bytes) {
        int at = 0;
        long deadline = System.nanoTime() + STALLED_NANOS;
        long pause = 20_000;
        // A message that has begun must end, or the next one is read as its rest: an interrupt has to wait.
        boolean interrupted = false;
        try {
            sender = Thread.currentThread();
            while (at < bytes.length) {
                int count = closed == null && isConnected() ? requests.write(bytes, at, bytes.length - at) : 0;
                if (count > 0) {
                    at += count;
                    notify.run();
                    deadline = System.nanoTime() + STALLED_NANOS;
                    pause = 20_000;
                    continue;
                }
                if (count == ByteRing.CORRUPT) {
                    end("the ring's indices are impossible");
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
