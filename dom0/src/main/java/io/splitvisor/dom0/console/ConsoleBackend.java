// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The back end of a domain's console ring. Output goes into a bounded history and to whoever listens; input waits in a
 * bounded buffer until the guest takes it. The guest is never held up by a listener, and a guest that floods its console is
 * served {@link #ROUNDS_PER_PERIOD} times in a period and waits for the rest of it, as with xenconsoled (row C2).
 */
public final class ConsoleBackend implements RingWorker {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleBackend.class);

    /** Bytes of output remembered per domain. */
    public static final int HISTORY_BYTES = 1 << 16;

    /** Bytes of input that wait for the guest; more is dropped. */
    public static final int INPUT_BYTES = 1 << 12;

    private static final int ROUNDS_PER_PERIOD = 30;
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Hears a domain's output. Called in the loop: must not block. */
    @FunctionalInterface
    public interface Listener {
        /**
         * The domain wrote.
         *
         * @param bytes the listener's own copy
         */
        void output(byte[] bytes);
    }

    private final int domid;
    private final IoLoop loop;
    private final ScheduledExecutorService timer;
    private final ByteRing out;
    private final ByteRing in;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final byte[] buffer = new byte[2048];
    private volatile EventChannel channel;

    // Guarded by this: touched by the loop and by whoever reads the history or types.
    private final History history = new History(HISTORY_BYTES);
    private final byte[] input = new byte[INPUT_BYTES];
    private int inputLength;
    private long inputDropped;
    private boolean disconnected;

    // The loop's own.
    private long periodStart = System.nanoTime();
    private int rounds;
    private boolean resting;
    private boolean corruptionReported;

    /**
     * @param page the domain's console page
     * @param loop the domain's loop
     * @param timer ends the rest of a console that floods
     */
    public ConsoleBackend(int domid, MemorySegment page, IoLoop loop, ScheduledExecutorService timer) {
        this.domid = domid;
        this.loop = loop;
        this.timer = timer;
        this.out = XenconsInterface.out(page, 0);
        this.in = XenconsInterface.in(page, 0);
    }

    /** Starts to serve the ring over this channel. */
    public void connect(EventChannel toGuest) {
        channel = toGuest;
        loop.wake(this);
    }

    /** Adds a listener; it hears what comes after the history returned here, without a gap. */
    public byte[] listen(Listener listener) {
        synchronized (this) {
            listeners.add(listener);
            return history.snapshot();
        }
    }

    /** Removes a listener. */
    public void unlisten(Listener listener) {
        listeners.remove(listener);
    }

    /** The output remembered. */
    public synchronized byte[] history() {
        return history.snapshot();
    }

    /** Bytes typed that found no room, because the guest does not read. */
    public synchronized long inputDropped() {
        return inputDropped;
    }

    /** Types at the guest. What does not fit any more is dropped, as on a serial line; all of it, once the guest is gone. */
    public synchronized void type(byte[] bytes) {
        int taken = disconnected ? 0 : Math.min(bytes.length, input.length - inputLength);
        System.arraycopy(bytes, 0, input, inputLength, taken);
        inputLength += taken;
        inputDropped += bytes.length - taken;
        wakeUnlessDisconnected();
    }

    /** After the end nothing may bring this worker back into the loop, which would remember it for ever. */
    private synchronized void wakeUnlessDisconnected() {
        if (!disconnected) {
            loop.wake(this);
        }
    }

    /** Adds output that did not come through the ring: what the guest's process wrote to its standard streams. */
    public void inject(byte[] bytes, int length) {
        publish(bytes, length);
    }

    private void publish(byte[] bytes, int length) {
        synchronized (this) {
            history.append(bytes, 0, length);
            for (Listener listener : listeners) {
                listener.output(java.util.Arrays.copyOf(bytes, length));
            }
        }
    }

    @Override
    public int serve() {
        EventChannel toGuest = channel;
        if (toGuest == null || resting) {
            return 0;
        }
        int moved = serveOutput() + serveInput();
        if (moved > 0) {
            toGuest.send();
            countRound();
        }
        return moved;
    }

    private int serveOutput() {
        int count = out.read(buffer, 0, buffer.length);
        if (count == ByteRing.CORRUPT) {
            return ignore("output");
        }
        if (count > 0) {
            publish(buffer, count);
        }
        return count;
    }

    private synchronized int serveInput() {
        if (inputLength == 0) {
            return 0;
        }
        int count = in.write(input, 0, inputLength);
        if (count == ByteRing.CORRUPT) {
            return ignore("input");
        }
        System.arraycopy(input, count, input, 0, inputLength - count);
        inputLength -= count;
        return count;
    }

    /** Impossible indices move nothing (row C1); the guest may put them right, and is told off once. */
    private int ignore(String direction) {
        if (!corruptionReported) {
            corruptionReported = true;
            GuestLines.warn(
                    LOG, domid, "domain {}: impossible indices in the console's {} ring; ignored", domid, direction);
        }
        return 0;
    }

    /** The time that counts is the loop's: a guest cannot make it pass faster. */
    private void countRound() {
        long now = System.nanoTime();
        if (now - periodStart > PERIOD_NANOS) {
            periodStart = now;
            rounds = 0;
        }
        if (++rounds >= ROUNDS_PER_PERIOD) {
            resting = true;
            long rest = PERIOD_NANOS - (now - periodStart);
            timer.schedule(() -> loop.execute(this::wakeUp), Math.max(rest, 0), TimeUnit.NANOSECONDS);
        }
    }

    private void wakeUp() {
        resting = false;
        rounds = 0;
        wakeUnlessDisconnected();
    }

    @Override
    public boolean arm() {
        // The console ring has no event words: the guest notifies whenever it writes.
        return !resting && channel != null && out.readable() > 0;
    }

    @Override
    public int domid() {
        return domid;
    }

    @Override
    public void failed(RuntimeException cause) {
        GuestLines.error(LOG, domid, "domain {}: console back end failed", domid, cause);
    }

    /**
     * Takes what is left in the ring, then stops serving. In the loop, when the domain ends. A descendant of the guest's
     * process may still write: it gets no more than one ring's worth through.
     */
    public void disconnect() {
        synchronized (this) {
            disconnected = true;
        }
        EventChannel toGuest = channel;
        if (toGuest != null) {
            serveOutput();
            channel = null;
            toGuest.close();
        }
        loop.forget(this);
    }
}
