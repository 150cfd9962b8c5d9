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
 * <p>What is typed goes through a line discipline before the guest reads it ({@link InputMode}). It is shown when the guest
 * reads or asks whether there is something to read, not before.
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
    private volatile InputMode mode = InputMode.LINES;
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

    /** What the user types. A read gets no more than a line; -1 is the user's ^D, after which more may come. */
    public InputStream input() {
        return input;
    }

    /** How what is typed from now on is treated. */
    public InputMode inputMode() {
        return mode;
    }

    /** Sets how what is typed is treated, from the next byte on that the guest has not read. */
    public void inputMode(InputMode wanted) {
        mode = wanted;
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

    /** The line discipline has a lock of its own, which the upcall thread never takes: who holds it may wait to echo. */
    private final class Input extends InputStream {
        private final byte[] typed = new byte[256];
        private LineDiscipline lines;

        /** Whether there is something to read that is not in the ring any more. */
        private volatile boolean left;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (length == 0) {
                return 0;
            }
            while (true) {
                int count = next(bytes, offset, length);
                if (count != 0) {
                    return count;
                }
                awaitTyped();
            }
        }

        private void awaitTyped() throws InterruptedIOException {
            synchronized (inputLock) {
                while (in.readable() <= 0 && !left) {
                    try {
                        inputLock.wait(INPUT_RECHECK_MILLIS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("interrupted while waiting for console input");
                    }
                }
            }
        }

        /** Bytes read; 0 if there is nothing, -1 at an end. */
        private synchronized int next(byte[] bytes, int offset, int length) {
            if (mode != InputMode.RAW) {
                edit();
            } else if (lines != null) {
                // What was typed before the mode changed comes first.
                lines.release();
            }
            int count = lines == null ? 0 : lines.read(bytes, offset, length);
            left = lines != null && lines.available() > 0;
            if (count > 0) {
                return count;
            }
            if (mode == InputMode.RAW) {
                return take(bytes, offset, length);
            }
            return lines.takeEnd() ? -1 : 0;
        }

        /** Puts what was typed through the line discipline, and shows it. */
        private void edit() {
            if (lines == null) {
                lines = new LineDiscipline();
            }
            for (int count = 1; count > 0 && lines.hasRoom(); ) {
                count = take(typed, 0, typed.length);
                lines.type(typed, count);
                byte[] echo = lines.takeEcho();
                if (mode == InputMode.LINES && echo.length > 0) {
                    output.write(echo, 0, echo.length);
                }
            }
        }

        private int take(byte[] bytes, int offset, int length) {
            int count = in.read(bytes, offset, length);
            if (count > 0) {
                // There is room again.
                events.send(port);
            }
            return Math.max(count, 0);
        }

        @Override
        public synchronized int available() {
            if (mode == InputMode.RAW) {
                return (lines == null ? 0 : lines.available()) + Math.max(0, in.readable());
            }
            edit();
            return lines.available();
        }
    }
}
