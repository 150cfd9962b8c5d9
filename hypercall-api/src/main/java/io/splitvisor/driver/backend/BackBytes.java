// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves the two rings of a device that exchanges bytes. Nothing is buffered here: what the device does not take stays in the
 * ring. The rings have no words that ask for events, so either end notifies the other whenever it has moved something; a
 * notification that found nothing new costs a comparison.
 */
final class BackBytes implements ServedRing, ByteLine {
    private final IoLoop loop;
    private final int domid;
    private final ByteDevice device;
    private final Listener listener;
    private final ByteRing in;
    private final ByteRing out;
    private final QueueCounters counters = new QueueCounters();

    /** As {@link BackQueue}'s. */
    private final AtomicLong turns = new AtomicLong();

    private EventChannel channel;

    /** The thread that serves right now; all others may see anything else. */
    private Thread server;

    // What the device has seen and left. Anything else is new.
    private int leftReadable;
    private int leftWritable;

    private int moved;
    private boolean begun;
    private boolean corruptionReported;
    private boolean failed;
    private Runnable whenStopped;
    private volatile boolean woken;
    private volatile boolean abandoned;

    /** Guarded by this: afterwards nothing may bring this worker back into the loop, which would remember it for ever. */
    private boolean over;

    /** Who is told what cannot be settled here. */
    interface Listener {
        /** A line about the front end, for the log of its domain. */
        void report(String line);

        /** The rings cannot be served any more. */
        void failed(RuntimeException cause);
    }

    /** What serves the rings of a page. */
    record Setting(IoLoop loop, int domid, ByteDevice device, ByteProtocol protocol, Listener listener) {}

    BackBytes(Setting setting, MemorySegment page) {
        this.loop = setting.loop;
        this.domid = setting.domid;
        this.device = setting.device;
        this.listener = setting.listener;
        this.in = setting.protocol.toBackend().ring(page, 0);
        this.out = setting.protocol.toFrontend().ring(page, 0);
    }

    @Override
    public void notifyThrough(EventChannel eventChannel) {
        channel = eventChannel;
    }

    @Override
    public int domid() {
        return domid;
    }

    @Override
    public long turn() {
        return turns.getOpaque();
    }

    @Override
    public QueueCounters counters() {
        return counters;
    }

    @Override
    public int serve() {
        if (failed || channel == null || !isDue()) {
            return 0;
        }
        woken = false;
        return askDevice();
    }

    /** Whether the device may want to look again. */
    private boolean isDue() {
        return !begun || woken || moved > 0 || in.readable() != leftReadable || out.writable() != leftWritable;
    }

    private int askDevice() {
        begun = true;
        moved = 0;
        leftReadable = in.readable();
        leftWritable = out.writable();
        reportCorruption();
        turns.setOpaque(turns.getPlain() + 1);
        server = Thread.currentThread();
        try {
            device.ready(this);
        } catch (Error e) {
            // Of a driver made for another kit, say; the loop must not end for that.
            throw new IllegalStateException(e);
        } finally {
            server = null;
            turns.setOpaque(turns.getPlain() + 1);
        }
        if (abandoned) {
            throw new IllegalStateException("the driver's hook has returned too late");
        }
        if (moved > 0) {
            counters.add(QueueCounters.BYTES, moved);
            counters.add(QueueCounters.NOTIFICATIONS_SENT, 1);
            channel.send();
        }
        return moved;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        checkHook();
        int count = Math.max(0, in.read(target, offset, length));
        leftReadable -= count;
        moved += count;
        return count;
    }

    @Override
    public int write(byte[] source, int offset, int length) {
        checkHook();
        int count = Math.max(0, out.write(source, offset, length));
        leftWritable -= count;
        moved += count;
        return count;
    }

    private void checkHook() {
        if (server != Thread.currentThread() || abandoned) {
            throw new IllegalStateException("bytes are moved in ready() only");
        }
    }

    /** Told once: nothing is moved, and the front end may put it right. */
    private void reportCorruption() {
        boolean corrupt = leftReadable == ByteRing.CORRUPT || leftWritable == ByteRing.CORRUPT;
        if (corrupt && !corruptionReported) {
            corruptionReported = true;
            listener.report("impossible indices in the ring of what the front end "
                    + (leftReadable == ByteRing.CORRUPT ? "writes" : "reads") + "; ignored");
        }
    }

    @Override
    public void wake() {
        woken = true;
        synchronized (this) {
            if (!over) {
                loop.wake(this);
            }
        }
    }

    @Override
    public boolean arm() {
        return !failed && channel != null && isDue();
    }

    @Override
    public void failed(RuntimeException cause) {
        failed = true;
        listener.failed(cause);
        if (whenStopped != null) {
            whenStopped.run();
        }
    }

    /** What the front end wrote last is handed over, as far as the device takes it in one turn. */
    @Override
    public void stop(Runnable then) {
        synchronized (this) {
            over = true;
        }
        if (!failed && abandoned && (turns.get() & 1) != 0) {
            // Another thread is in there; when it comes out, it has failed.
            whenStopped = then;
            return;
        }
        if (!failed && channel != null) {
            try {
                int unused = askDevice();
            } catch (RuntimeException e) {
                failed(e);
            }
        }
        failed = true;
        then.run();
    }

    @Override
    public void abandon() {
        abandoned = true;
    }

    @Override
    public void close() {
        failed = true;
        synchronized (this) {
            over = true;
        }
    }
}
