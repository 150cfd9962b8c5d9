// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.StreamSocket;
import io.splitvisor.ring.BoundedQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transmission phase with an NBD server: requests out, replies in, data from and to the requests' own memory.
 *
 * <p>When the connection breaks, its receiver makes another one, with longer and longer pauses between its attempts.
 * Requests wait meanwhile. On the new connection the writes that were answered but not flushed are written again, then
 * everything that was not answered is sent again, in the old order. If the server stays away too long, everything fails
 * with EIO, at once, until it is back.
 */
final class NbdConnection implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int PIECES = 256;
    private static final long QUIET_NANOS = 1_000_000_000L;
    private static final Logger LOG = LoggerFactory.getLogger(NbdConnection.class);

    private final NbdDialer dialer;
    private final NbdPatience patience;
    private final String name;
    private final Arena arena = Arena.ofShared();
    private final BoundedQueue<StoreRequest> waiting;
    private final NbdJournal journal;
    private final NbdSlots slots;
    private final MemorySegment reply = arena.allocate(NbdProtocol.REPLY_BYTES, 8);
    private final IoVector incoming = new IoVector(arena, PIECES + 1);
    private final NbdSender sender;
    private final Thread receiver;
    private volatile boolean up = true;
    private volatile boolean refusing;
    private volatile boolean closing;

    /** Whether answered writes may be lost: no flush can be kept any more. */
    private volatile boolean lost;

    // Changed by the receiver, under the lock; shut down by anybody, under the lock.
    private final Object socketLock = new Object();
    private StreamSocket socket;

    // The receiver's.
    private boolean progress = true;
    private long connectedAt = System.nanoTime();
    private long downSince;
    private long pause;

    // Guarded by this.
    private long lastReport = System.nanoTime() - QUIET_NANOS;

    /** @param depth requests that can wait */
    NbdConnection(NbdDialer dialer, StreamSocket socket, NbdPatience patience, int depth) {
        this.dialer = dialer;
        this.socket = socket;
        this.patience = patience;
        this.name = dialer.name();
        this.waiting = new BoundedQueue<>(depth);
        StoreGeometry geometry = dialer.geometry();
        this.journal = geometry.flush() && !geometry.readOnly() ? new NbdJournal() : null;
        this.slots = new NbdSlots(arena, journal);
        this.sender = new NbdSender(this, socket, arena, waiting, slots, name);
        this.receiver = Thread.ofPlatform().daemon().name("nbd receive " + name).start(this::run);
    }

    /** Whether a request of this kind fails at once. */
    boolean refuses(StoreRequest.Operation operation) {
        return refusing || closing || (lost && operation == StoreRequest.Operation.FLUSH);
    }

    /** Takes a request for the next {@link #push}: false if too many wait. */
    boolean offer(StoreRequest request) {
        return waiting.offer(request);
    }

    boolean isUp() {
        return up;
    }

    void push() {
        if (refusing || closing) {
            failWaiting();
        } else {
            sender.push();
        }
    }

    private void failWaiting() {
        for (StoreRequest request = waiting.poll(); request != null; request = waiting.poll()) {
            request.completed(-Errno.EIO);
        }
    }

    /** The connection cannot be used any more. For whoever owns the sending side, and the receiver. */
    void broke(String what, int errno) {
        if (up && !closing) {
            // Both directions may find out at once: two lines at most.
            report(what + ", errno " + errno);
        }
        up = false;
        shutdown();
    }

    /** Ends the connection under whoever waits for it. */
    void shutdown() {
        synchronized (socketLock) {
            socket.shutdown();
        }
    }

    /** Not more than a line in a second, whatever the server does. */
    private synchronized void report(String what) {
        long now = System.nanoTime();
        if (now - lastReport >= QUIET_NANOS) {
            lastReport = now;
            LOG.warn("{}: connection lost: {}; connecting again", name, what);
        }
    }

    // Receiving.

    private void run() {
        do {
            receive();
        } while (!closing && reconnect());
    }

    private void receive() {
        prepareForHeader();
        while (receiveUntil(0)) {
            if (reply.get(INT, 0) != NbdProtocol.SIMPLE_REPLY_MAGIC) {
                broke("a reply that is none", Errno.EINVAL);
                return;
            }
            int error = reply.get(INT, 4);
            NbdSlot slot = slots.find(reply.get(LONG, 8));
            if (slot == null) {
                broke("a reply to a request that was not sent", Errno.EINVAL);
                return;
            }
            if (error == NbdProtocol.ERROR_SHUTDOWN) {
                broke("the server shuts down", error);
                return;
            }
            if (!finish(slot, error)) {
                return;
            }
        }
    }

    private void prepareForHeader() {
        incoming.clear();
        incoming.add(reply.address(), NbdProtocol.REPLY_BYTES);
    }

    /** Receives until at most so many bytes of {@link #incoming} are missing; false if the connection broke. */
    private boolean receiveUntil(long missing) {
        while (incoming.bytes() > missing) {
            long got = socket.receive(incoming.address(), incoming.count());
            if (got > 0) {
                incoming.consume(got);
            } else if (got != -Errno.EINTR) {
                broke(got == 0 ? "the server closed it" : "cannot receive", (int) -got);
                return false;
            }
        }
        return true;
    }

    private boolean finish(NbdSlot slot, int error) {
        StoreRequest request = slot.request();
        if (error == 0 && request.operation() == StoreRequest.Operation.READ) {
            // The next reply's header comes with the same system call if it is there already.
            incoming.clear();
            incoming.addAll(request.data());
            incoming.add(reply.address(), NbdProtocol.REPLY_BYTES);
            if (!receiveUntil(NbdProtocol.REPLY_BYTES)) {
                return false;
            }
        } else {
            prepareForHeader();
        }
        if (error == 0 && journal != null) {
            // Before the guest hears of it: from then on the data is its own again.
            switch (request.operation()) {
                case WRITE -> journal.add(request);
                case FLUSH -> journal.flushed(slot.mark());
                case READ, DISCARD -> {}
            }
        }
        progress = true;
        boolean hollow = lost && request.operation() == StoreRequest.Operation.FLUSH;
        slots.complete(slot, hollow ? -Errno.EIO : result(error));
        if (!waiting.isEmpty()) {
            sender.push();
        }
        return true;
    }

    /** The protocol's error numbers are Linux's. */
    private static int result(int error) {
        return error >= 0 && error < 4096 ? -error : -Errno.EIO;
    }

    // Reconnecting: the receiver, which owns the sending side meanwhile.

    /** Returns when there is a connection again; false if the store is closed before. */
    private boolean reconnect() {
        while (!sender.tryOwn()) {
            LockSupport.parkNanos(50_000);
            if (closing) {
                return false;
            }
        }
        startClock();
        while (!closing) {
            if (refusing
                    || System.nanoTime() - downSince > patience.forRequests().toNanos()) {
                refuse();
            }
            LockSupport.parkNanos(this, pause);
            pause = Math.min(2 * pause, patience.longestPause().toNanos());
            if (!closing && attempt()) {
                goOn();
                return true;
            }
        }
        sender.disown();
        return false;
    }

    /** A server that connects and breaks off again and again, and answers nothing, is as good as none. */
    private void startClock() {
        long now = System.nanoTime();
        boolean lasted = now - connectedAt > patience.forRequests().toNanos();
        if (progress || lasted || !slots.inFlight()) {
            downSince = now;
            pause = patience.firstPause().toNanos();
        }
        progress = false;
    }

    private void refuse() {
        if (!refusing) {
            LOG.error("{}: the server does not come back; requests fail until it does", name);
        }
        refusing = true;
        slots.failAll(slot -> true);
        failWaiting();
    }

    private boolean attempt() {
        StreamSocket fresh;
        try {
            fresh = dialer.dial(this::replayAnswered);
        } catch (StoreException e) {
            LOG.debug("{}: {}", name, e.getMessage());
            return false;
        }
        StreamSocket old;
        synchronized (socketLock) {
            old = socket;
            socket = fresh;
        }
        old.close();
        return true;
    }

    /** What the guest was told is written has to be seen by its next read, and be durable after its next flush. */
    private void replayAnswered(NbdWire wire) {
        if (journal == null || lost) {
            return;
        }
        boolean complete = journal.isComplete();
        if (!journal.replay(wire) || !complete) {
            LOG.error("{}: writes that were answered, but not flushed, may be lost; no flush succeeds any more", name);
            lost = true;
        }
    }

    private void goOn() {
        slots.failAll(slot -> slot.replays() >= patience.replays()
                || (lost && slot.request().operation() == StoreRequest.Operation.FLUSH));
        LOG.info("{}: connected again", name);
        connectedAt = System.nanoTime();
        refusing = false;
        up = true;
        sender.resume(socket, slots.unanswered());
    }

    @Override
    public void close() {
        closing = true;
        dialer.stop();
        LockSupport.unpark(receiver);
        MemorySegment goodbye = arena.allocate(NbdProtocol.REQUEST_BYTES, 8);
        NbdSlot.describe(goodbye, NbdProtocol.CMD_DISCONNECT, 0, 0, 0);
        sender.stop(goodbye);
        shutdown();
        NbdSender.join(receiver);
        slots.failAll(slot -> true);
        failWaiting();
        socket.close();
        if (journal != null) {
            journal.close();
        }
        arena.close();
    }
}
