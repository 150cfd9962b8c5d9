// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.domu.event.EventChannels;
import io.splitvisor.domu.event.EventHandler;
import io.splitvisor.ring.ByteRing;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The console front end: two byte rings in the console page. A writer waits while the ring is full, but not for ever: when
 * the back end has taken nothing for {@value #PATIENCE_MILLIS} ms, output is dropped and counted until it takes some
 * again. Indices that cannot be are treated as a back end that takes nothing, and gives nothing.
 *
 * <p>Thread-safe. The streams are unbuffered: every write notifies the back end.
 */
public final class Console implements EventHandler {
    /** How long a writer waits for a back end that takes nothing. */
    public static final int PATIENCE_MILLIS = 10_000;

    private static final long LOOK_AGAIN_NANOS = 1_000_000;
    private static final int INPUT_RECHECK_MILLIS = 10_000;

    private final ByteRing out;
    private final ByteRing in;
    private final int port;
    private final EventChannels events;
    private final long patienceMillis;
    private final Output output = new Output();
    private final Input input = new Input();
    private final Object inputLock = new Object();
    private volatile Thread writer;
    private final AtomicLong dropped = new AtomicLong();

    /**
     * @param page the console page, initialised by Dom0
     * @param port the guest's port to the console back end
     */
    public Console(MemorySegment page, int port, EventChannels events) {
        this(page, port, events, PATIENCE_MILLIS);
    }

    Console(MemorySegment page, int port, EventChannels events, long patienceMillis) {
        this.patienceMillis = patienceMillis;
        this.out = XenconsInterface.out(page, 0);
        this.in = XenconsInterface.in(page, 0);
        this.port = port;
        this.events = events;
        events.handle(port, this);
    }

    /** The back end took output, or gave input. */
    @Override
    public void upcall() {
        LockSupport.unpark(writer);
        synchronized (inputLock) {
            inputLock.notifyAll();
        }
    }

    /** Where the guest prints. */
    public OutputStream output() {
        return output;
    }

    /** What the user types. */
    public InputStream input() {
        return input;
    }

    /** Bytes dropped because the back end took nothing for too long. */
    public long dropped() {
        return dropped.get();
    }

    private final class Output extends OutputStream {
        private boolean stalled;

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            int at = offset;
            int end = offset + length;
            while (at < end) {
                int count = out.write(bytes, at, end - at);
                if (count > 0) {
                    stalled = false;
                    at += count;
                    events.send(port);
                } else if (!awaitRoom()) {
                    stalled = true;
                    dropped.addAndGet(end - at);
                    return;
                }
            }
        }

        /** Whether there is room. A ring that was given up before is not waited for again. */
        private boolean awaitRoom() {
            if (stalled) {
                return out.writable() > 0;
            }
            boolean interrupted = false;
            long deadline = System.nanoTime() + patienceMillis * 1_000_000L;
            writer = Thread.currentThread();
            try {
                // Looks by itself too: the upcall thread may be the one that prints.
                while (out.writable() <= 0) {
                    if (System.nanoTime() - deadline > 0) {
                        return false;
                    }
                    LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
                    interrupted |= Thread.interrupted();
                }
                return true;
            } finally {
                writer = null;
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private final class Input extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            read(one, 0, 1);
            return one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (length == 0) {
                return 0;
            }
            int count = await(bytes, offset, length);
            // There is room again.
            events.send(port);
            return count;
        }

        private int await(byte[] bytes, int offset, int length) throws InterruptedIOException {
            synchronized (inputLock) {
                while (true) {
                    int count = in.read(bytes, offset, length);
                    if (count > 0) {
                        return count;
                    }
                    try {
                        inputLock.wait(INPUT_RECHECK_MILLIS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("interrupted while waiting for console input");
                    }
                }
            }
        }

        @Override
        public int available() {
            return Math.max(0, in.readable());
        }
    }
}
