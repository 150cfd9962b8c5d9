// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.FrontBytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The console front end, on a device's two streams of bytes. A writer waits while the ring is full, but not for ever: when
 * the back end has taken nothing for {@value #PATIENCE_MILLIS} ms, output is dropped and counted until it takes some
 * again.
 *
 * <p>What is typed goes through a line discipline before the guest reads it ({@link InputMode}). It is shown when the guest
 * reads or asks whether there is something to read, not before.
 *
 * <p>Thread-safe. The streams are unbuffered: every write notifies the back end.
 */
public final class Console {
    /** How long a writer waits for a back end that takes nothing. */
    public static final int PATIENCE_MILLIS = 10_000;

    private static final Duration INPUT_RECHECK = Duration.ofSeconds(10);

    private final FrontBytes bytes;
    private final Duration patience;
    private final Output output = new Output();
    private final Input input = new Input();
    private volatile InputMode mode = InputMode.LINES;
    private final AtomicLong dropped = new AtomicLong();

    /** A console of this domain: the first, or another one ({@code device/console/N}). */
    public Console(FrontBytes bytes) {
        this(bytes, Duration.ofMillis(PATIENCE_MILLIS));
    }

    Console(FrontBytes bytes, Duration patience) {
        this.bytes = bytes;
        this.patience = patience;
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
        public synchronized void write(byte[] source, int offset, int length) {
            Objects.checkFromIndexSize(offset, length, source.length);
            int at = offset;
            int end = offset + length;
            while (at < end) {
                int count = put(source, at, end - at);
                if (count > 0) {
                    stalled = false;
                    at += count;
                } else if (!awaitRoom()) {
                    stalled = true;
                    dropped.addAndGet(end - at);
                    return;
                }
            }
        }

        /** A console that is gone takes nothing, and nobody who prints is told. */
        private int put(byte[] source, int offset, int length) {
            try {
                return bytes.write(source, offset, length);
            } catch (CallException e) {
                stalled = true;
                return 0;
            }
        }

        /** Whether there is room. A ring that was given up before is not waited for again. */
        private boolean awaitRoom() {
            boolean interrupted = false;
            long deadline = System.nanoTime() + (stalled ? 0 : patience.toNanos());
            boolean room = bytes.writable() > 0;
            while (!room && System.nanoTime() - deadline < 0) {
                try {
                    room = bytes.awaitWritable(Duration.ofNanos(deadline - System.nanoTime()));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return room;
        }
    }

    /** The line discipline has a lock of its own, which the upcall thread never takes: who holds it may wait to echo. */
    private final class Input extends InputStream {
        private final byte[] typed = new byte[256];
        private LineDiscipline lines;

        /** Whether there is something to read that is not in the ring any more. */
        private volatile boolean left;

        /** Nothing will be typed any more, because the console is gone. */
        private boolean gone;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) {
                return 0;
            }
            while (true) {
                int count = next(target, offset, length);
                if (count != 0) {
                    return count;
                }
                awaitTyped();
            }
        }

        private void awaitTyped() throws InterruptedIOException {
            try {
                boolean typed = left;
                while (!typed) {
                    typed = bytes.awaitReadable(INPUT_RECHECK) || left;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for console input");
            }
        }

        /** Bytes read; 0 if there is nothing, -1 at an end. */
        private synchronized int next(byte[] target, int offset, int length) {
            if (mode != InputMode.RAW) {
                edit();
            } else if (lines != null) {
                // What was typed before the mode changed comes first.
                lines.release();
            }
            int count = lines == null ? 0 : lines.read(target, offset, length);
            left = lines != null && lines.available() > 0;
            if (count > 0) {
                return count;
            }
            if (mode == InputMode.RAW) {
                return bytes.read(target, offset, length);
            }
            return gone || lines.takeEnd() ? -1 : 0;
        }

        /** Puts what was typed through the line discipline, and shows it. */
        private void edit() {
            if (lines == null) {
                lines = new LineDiscipline();
            }
            for (int count = 1; count > 0 && lines.hasRoom(); ) {
                count = bytes.read(typed, 0, typed.length);
                gone = count < 0;
                lines.type(typed, Math.max(count, 0));
                byte[] echo = lines.takeEcho();
                if (mode == InputMode.LINES && echo.length > 0) {
                    output.write(echo, 0, echo.length);
                }
            }
        }

        @Override
        public synchronized int available() {
            if (mode == InputMode.RAW) {
                return (lines == null ? 0 : lines.available()) + bytes.readable();
            }
            edit();
            return lines.available();
        }
    }
}
