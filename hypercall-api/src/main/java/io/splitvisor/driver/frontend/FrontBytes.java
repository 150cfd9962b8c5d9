// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.ring.ByteRing;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The two streams of a device that exchanges bytes. What finds no room in the ring, or no connection, is for the writer to
 * keep: {@link #write} says how much it took. What the back end has not taken when a connection is lost is the first that the
 * next one gets, and what was not read yet is still there: a ring's worth each, and no more.
 *
 * <p>Thread-safe. Whoever moves bytes notifies the back end. A back end whose indices are impossible gives nothing and takes
 * nothing.
 */
public final class FrontBytes {
    private static final byte[] NOTHING = {};

    /** A waiter looks by itself from time to time: the thread that would be woken by the upcall may be the one that takes it. */
    private static final long LOOK_AGAIN_NANOS = 1_000_000;

    private final String device;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Under the lock.
    private Rings rings;
    private boolean paused;
    private boolean closed;
    private byte[] toRead = NOTHING;
    private byte[] toWriteAgain = NOTHING;
    private long moved;
    private long movedAtUpcall;
    private int readableAtUpcall;
    private int writableAtUpcall;

    /** A page in use. */
    private record Rings(ByteRing in, ByteRing out, Runnable notifier) {}

    FrontBytes(String device) {
        this.device = device;
    }

    /**
     * The streams of a device whose page and port are known from the start, as those of a domain's first console are: they are
     * connected as long as the domain lives.
     *
     * @param page initialised by the domain's builder
     * @param notifier notifies the back end; {@link #upcall} is to be called when it does
     */
    public static FrontBytes fixed(ByteProtocol protocol, MemorySegment page, Runnable notifier) {
        FrontBytes bytes = new FrontBytes(protocol.type() + " 0");
        bytes.connect(protocol, page, notifier);
        return bytes;
    }

    void connect(ByteProtocol protocol, MemorySegment page, Runnable notifier) {
        boolean wrote;
        lock.lock();
        try {
            rings = new Rings(
                    protocol.toFrontend().ring(page, 0), protocol.toBackend().ring(page, 0), notifier);
            paused = false;
            int count = Math.max(0, rings.out.write(toWriteAgain, 0, toWriteAgain.length));
            wrote = count > 0;
            toWriteAgain = Arrays.copyOfRange(toWriteAgain, count, toWriteAgain.length);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (wrote) {
            notifier.run();
        }
    }

    /** Puts nothing more into the ring. */
    void pause() {
        lock.lock();
        try {
            paused = true;
        } finally {
            lock.unlock();
        }
    }

    /** Puts into the ring again. */
    void goOn() {
        lock.lock();
        try {
            paused = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the back end has taken everything. */
    boolean isQuiet() {
        lock.lock();
        try {
            return rings == null || rings.out.readable() <= 0;
        } finally {
            lock.unlock();
        }
    }

    /** Saves what is in the rings; whether there was anything that the back end has not taken. */
    boolean disconnect() {
        lock.lock();
        try {
            if (rings != null) {
                toRead = join(toRead, drain(rings.in));
                // Taken back: nobody else reads it from now on.
                toWriteAgain = join(drain(rings.out), toWriteAgain);
                rings = null;
            }
            changed.signalAll();
            return toWriteAgain.length > 0;
        } finally {
            lock.unlock();
        }
    }

    private static byte[] drain(ByteRing ring) {
        byte[] bytes = new byte[Math.max(0, ring.readable())];
        int count = Math.max(0, ring.read(bytes, 0, bytes.length));
        return Arrays.copyOf(bytes, count);
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    long moved() {
        lock.lock();
        try {
            return moved;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The back end notified. Takes no time, and may be called for nothing.
     *
     * @return whether anything has happened since the last call
     */
    public boolean upcall() {
        lock.lock();
        try {
            int readable = readableNow();
            int writable = writableNow();
            boolean work = moved != movedAtUpcall || readable != readableAtUpcall || writable != writableAtUpcall;
            movedAtUpcall = moved;
            readableAtUpcall = readable;
            writableAtUpcall = writable;
            changed.signalAll();
            return work;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes bytes that are there.
     *
     * @return how many, maybe 0; -1 if there are none and there will be none, because the device is gone
     */
    public int read(byte[] target, int offset, int length) {
        Runnable notifier = null;
        int count;
        lock.lock();
        try {
            if (toRead.length > 0) {
                count = Math.min(length, toRead.length);
                System.arraycopy(toRead, 0, target, offset, count);
                toRead = Arrays.copyOfRange(toRead, count, toRead.length);
            } else if (rings == null) {
                return closed ? -1 : 0;
            } else {
                count = Math.max(0, rings.in.read(target, offset, length));
                moved += count;
                // There is room again.
                notifier = count > 0 ? rings.notifier : null;
            }
        } finally {
            lock.unlock();
        }
        if (notifier != null) {
            notifier.run();
        }
        return count;
    }

    /**
     * Gives bytes to the back end.
     *
     * @return for how many there was room, maybe 0
     * @throws CallException GONE if the device is
     */
    public int write(byte[] source, int offset, int length) {
        Runnable notifier;
        int count;
        lock.lock();
        try {
            if (closed) {
                throw new CallException(CallException.Kind.GONE, device + " is gone");
            }
            if (writableNow() <= 0) {
                return 0;
            }
            count = Math.max(0, rings.out.write(source, offset, length));
            moved += count;
            notifier = rings.notifier;
        } finally {
            lock.unlock();
        }
        if (count > 0) {
            notifier.run();
        }
        return count;
    }

    /** Bytes that can be read now. */
    public int readable() {
        lock.lock();
        try {
            return readableNow();
        } finally {
            lock.unlock();
        }
    }

    private int readableNow() {
        return toRead.length + (rings == null ? 0 : Math.max(0, rings.in.readable()));
    }

    /** Bytes that can be written now. */
    public int writable() {
        lock.lock();
        try {
            return writableNow();
        } finally {
            lock.unlock();
        }
    }

    /** Bytes written that the back end has not taken yet. */
    public int untaken() {
        lock.lock();
        try {
            return toWriteAgain.length + (rings == null ? 0 : Math.max(0, rings.out.readable()));
        } finally {
            lock.unlock();
        }
    }

    private int writableNow() {
        return rings == null || paused || toWriteAgain.length > 0 ? 0 : Math.max(0, rings.out.writable());
    }

    /**
     * Waits until there is something to read, or never will be.
     *
     * @return false if there is not, in time
     */
    public boolean awaitReadable(Duration timeout) throws InterruptedException {
        return await(timeout, true);
    }

    /**
     * Waits until there is room, or never will be.
     *
     * @return false if there is not, in time
     */
    public boolean awaitWritable(Duration timeout) throws InterruptedException {
        return await(timeout, false);
    }

    private boolean await(Duration timeout, boolean forReading) throws InterruptedException {
        long left = saturatedNanos(timeout);
        lock.lock();
        try {
            while (!closed && (forReading ? readableNow() : writableNow()) <= 0) {
                if (left <= 0) {
                    return false;
                }
                long step = forReading ? left : Math.min(left, LOOK_AGAIN_NANOS);
                left -= step - changed.awaitNanos(step);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static long saturatedNanos(Duration timeout) {
        return timeout.compareTo(Duration.ofDays(1)) > 0 ? Duration.ofDays(1).toNanos() : timeout.toNanos();
    }

    /** What the back end writes. A read waits for the first byte; it ends when the device is gone. */
    public InputStream input() {
        return new ByteInput(this);
    }

    /** Where the back end reads. A write waits for room, and fails when the device is gone. Unbuffered. */
    public OutputStream output() {
        return new ByteOutput(this);
    }
}
