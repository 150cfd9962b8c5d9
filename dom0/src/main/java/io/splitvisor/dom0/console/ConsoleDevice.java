// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.ByteLine;
import io.splitvisor.xenbus.ControlThread;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * The back end of a console. Output goes into a bounded history and to whoever listens; input waits in a bounded buffer until
 * the guest takes it. The guest is never held up by a listener, and a guest that floods its console is served {@link
 * #ROUNDS_PER_PERIOD} times in a period and waits for the rest of it, as with xenconsoled (row C2).
 *
 * <p>All of it is kept while no guest is connected.
 */
public final class ConsoleDevice implements ByteDevice {
    /** Bytes of output remembered. */
    public static final int HISTORY_BYTES = 1 << 16;

    /** Bytes of input that wait for the guest; more is dropped. */
    public static final int INPUT_BYTES = 1 << 12;

    private static final int ROUNDS_PER_PERIOD = 30;
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Hears a console's output. Called in the loop: must not block. */
    @FunctionalInterface
    public interface Listener {
        /**
         * The guest wrote.
         *
         * @param bytes the listener's own copy
         */
        void output(byte[] bytes);
    }

    private final ControlThread timer;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final byte[] buffer = new byte[2048];
    private volatile ByteLine line;

    // Guarded by this: touched by the loop and by whoever reads the history or types.
    private final History history = new History(HISTORY_BYTES);
    private final byte[] input = new byte[INPUT_BYTES];
    private int inputLength;
    private long inputDropped;
    private volatile boolean closed;

    // The loop's own.
    private long periodStart;
    private int rounds;

    /** @param timer the console's own: says how long it rests, and ends the rest. Closed with the console */
    public ConsoleDevice(ControlThread timer) {
        this.timer = timer;
        this.periodStart = timer.nanoTime();
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
    public void type(byte[] bytes) {
        synchronized (this) {
            int taken = closed ? 0 : Math.min(bytes.length, input.length - inputLength);
            System.arraycopy(bytes, 0, input, inputLength, taken);
            inputLength += taken;
            inputDropped += bytes.length - taken;
        }
        wake();
    }

    /** Has the rings looked at soon. */
    public void wake() {
        ByteLine now = line;
        if (now != null) {
            now.wake();
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
                listener.output(Arrays.copyOf(bytes, length));
            }
        }
    }

    @Override
    public void ready(ByteLine connected) {
        line = connected;
        long now = timer.nanoTime();
        if (isResting(now)) {
            return;
        }
        int count = connected.read(buffer, 0, buffer.length);
        if (count > 0) {
            publish(buffer, count);
        }
        if (count + giveInput(connected) > 0) {
            countRound(now);
        }
    }

    private synchronized int giveInput(ByteLine to) {
        if (inputLength == 0) {
            return 0;
        }
        int count = to.write(input, 0, inputLength);
        System.arraycopy(input, count, input, 0, inputLength - count);
        inputLength -= count;
        return count;
    }

    /** The time that counts is the loop's: a guest cannot make it pass faster. Last words are heard in any case. */
    private boolean isResting(long now) {
        return rounds >= ROUNDS_PER_PERIOD && now - periodStart < PERIOD_NANOS && !closed;
    }

    private void countRound(long now) {
        if (now - periodStart >= PERIOD_NANOS) {
            periodStart = now;
            rounds = 0;
        }
        if (++rounds == ROUNDS_PER_PERIOD) {
            timer.schedule(this::wake, Duration.ofNanos(Math.max(PERIOD_NANOS - (now - periodStart), 0)));
        }
    }

    /** The guest is gone, or about to be: only what it wrote last is still heard. */
    @Override
    public void close() {
        closed = true;
        timer.close();
    }
}
