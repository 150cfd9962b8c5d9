// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.ByteLine;
import io.splitvisor.xenbus.ControlThread;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The back end of a console. Output goes into a bounded history and to whoever listens; input waits in a bounded buffer until
 * the guest takes it. The guest is never held up by a listener, and one that floods its console is made to wait ({@link Pace}).
 *
 * <p>All of it is kept while no guest is connected.
 */
public final class ConsoleDevice implements ByteDevice {
    /** Bytes of output remembered. */
    public static final int HISTORY_BYTES = 1 << 16;

    /** Bytes of input that wait for the guest; more is dropped. */
    public static final int INPUT_BYTES = 1 << 12;

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
    private final Pace pace;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final byte[] buffer = new byte[2048];
    private volatile ByteLine line;

    // Guarded by this: touched by the loop and by whoever reads the history or types.
    private final ByteFifo history = new ByteFifo(HISTORY_BYTES);
    private final ByteFifo input = new ByteFifo(INPUT_BYTES);
    private long inputDropped;
    private volatile boolean closed;

    /** @param timer the console's own: says how long it rests, and ends the rest. Closed with the console */
    public ConsoleDevice(ControlThread timer) {
        this.timer = timer;
        this.pace = new Pace(timer);
    }

    /** Adds a listener; it hears what comes after the history returned here, without a gap. */
    public byte[] listen(Listener listener) {
        synchronized (this) {
            listeners.add(listener);
            return history.copy();
        }
    }

    /** Removes a listener. */
    public void unlisten(Listener listener) {
        listeners.remove(listener);
    }

    /** The output remembered. */
    public synchronized byte[] history() {
        return history.copy();
    }

    /** Bytes typed that found no room, because the guest does not read. */
    public synchronized long inputDropped() {
        return inputDropped;
    }

    /** Types at the guest. What does not fit any more is dropped, as on a serial line; all of it, once the guest is gone. */
    public void type(byte[] bytes) {
        synchronized (this) {
            int taken = closed ? 0 : input.put(bytes, 0, bytes.length);
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
            history.putLast(bytes, 0, length);
            for (Listener listener : listeners) {
                listener.output(Arrays.copyOf(bytes, length));
            }
        }
    }

    @Override
    public void ready(ByteLine connected) {
        line = connected;
        // Last words are heard in any case.
        if (pace.isResting() && !closed) {
            return;
        }
        int count = connected.read(buffer, 0, buffer.length);
        if (count > 0) {
            publish(buffer, count);
        }
        if (count + giveInput(connected) > 0) {
            pace.count(this::wake);
        }
    }

    private synchronized int giveInput(ByteLine to) {
        return input.giveTo(to);
    }

    /** The guest is gone, or about to be: only what it wrote last is still heard. */
    @Override
    public void close() {
        closed = true;
        timer.close();
    }
}
