// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.StreamSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transmission phase with an NBD server: requests out, replies in, data from and to the requests' own memory. When
 * the connection breaks, everything in flight fails with EIO, and so does everything after.
 */
final class NbdConnection implements AutoCloseable {
    /** Requests that the server works on at a time. */
    private static final int SLOTS = 256;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int PIECES = 256;
    private static final Logger LOG = LoggerFactory.getLogger(NbdConnection.class);

    private final StreamSocket socket;
    private final String name;
    private final Arena arena = Arena.ofShared();
    private final NbdSlot[] slots = new NbdSlot[SLOTS];
    private final BoundedQueue<NbdSlot> free = new BoundedQueue<>(SLOTS);
    private final BoundedQueue<StoreRequest> waiting;
    private final MemorySegment reply = arena.allocate(NbdProtocol.REPLY_BYTES, 8);
    private final IoVector incoming = new IoVector(arena, PIECES + 1);
    private final NbdSender sender;
    private final Thread receiver;
    private volatile boolean failed;
    private volatile boolean swept;
    private volatile boolean closing;

    /** @param depth requests that can wait */
    NbdConnection(StreamSocket socket, String name, int depth) {
        this.socket = socket;
        this.name = name;
        this.waiting = new BoundedQueue<>(depth);
        MemorySegment headers = arena.allocate((long) SLOTS * NbdProtocol.REQUEST_BYTES, 8);
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = new NbdSlot(i, headers.asSlice((long) i * NbdProtocol.REQUEST_BYTES, NbdProtocol.REQUEST_BYTES));
            free.offer(slots[i]);
        }
        this.sender = new NbdSender(this, arena, waiting, free, name);
        this.receiver = Thread.ofPlatform().daemon().name("nbd receive " + name).start(this::receive);
    }

    StreamSocket socket() {
        return socket;
    }

    /** Takes a request for the next {@link #push}: false if too many wait. */
    boolean offer(StoreRequest request) {
        return waiting.offer(request);
    }

    boolean isFailed() {
        return failed;
    }

    /** Whether the receiver has given everything in flight up, and will not look again. */
    boolean isSwept() {
        return swept;
    }

    void push() {
        sender.push();
    }

    /** Breaks the connection. */
    void fail(String what, int errno) {
        if (!failed && !closing) {
            LOG.error("{}: connection lost: {}, errno {}", name, what, errno);
        }
        failed = true;
        socket.shutdown();
    }

    /** Fails the request in a slot, if nobody else has. */
    void abandon(NbdSlot slot) {
        StoreRequest request = slot.abandon();
        if (request != null) {
            free.offer(slot);
            request.completed(-Errno.EIO);
        }
    }

    private void receive() {
        prepareForHeader();
        while (receiveUntil(0)) {
            if (reply.get(INT, 0) != NbdProtocol.SIMPLE_REPLY_MAGIC) {
                fail("a reply that is none", Errno.EINVAL);
                break;
            }
            int error = reply.get(INT, 4);
            long cookie = reply.get(LONG, 8);
            int index = (int) cookie & ((1 << NbdSlot.INDEX_BITS) - 1);
            StoreRequest request = index < SLOTS ? slots[index].take(cookie) : null;
            if (request == null) {
                fail("a reply to a request that was not sent", Errno.EINVAL);
                break;
            }
            finish(slots[index], request, error);
        }
        swept = true;
        for (NbdSlot slot : slots) {
            abandon(slot);
        }
        // What still waits is taken by the sender, found to be too late, and given up one by one.
        sender.push();
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
                fail(got == 0 ? "the server closed it" : "cannot receive", (int) -got);
                return false;
            }
        }
        return true;
    }

    private void finish(NbdSlot slot, StoreRequest request, int error) {
        boolean data = error == 0 && request.operation() == StoreRequest.Operation.READ;
        boolean complete = true;
        if (data) {
            // The next reply's header comes with the same system call if it is there already.
            incoming.clear();
            incoming.addAll(request.data());
            incoming.add(reply.address(), NbdProtocol.REPLY_BYTES);
            complete = receiveUntil(NbdProtocol.REPLY_BYTES);
        } else {
            prepareForHeader();
        }
        free.offer(slot);
        request.completed(complete ? result(error) : -Errno.EIO);
        if (!waiting.isEmpty()) {
            sender.push();
        }
    }

    /** The protocol's error numbers are Linux's. */
    private static int result(int error) {
        return error >= 0 && error < 4096 ? -error : -Errno.EIO;
    }

    @Override
    public void close() {
        closing = true;
        MemorySegment goodbye = arena.allocate(NbdProtocol.REQUEST_BYTES, 8);
        NbdSlot.describe(goodbye, NbdProtocol.CMD_DISCONNECT, 0, 0, 0);
        if (!failed) {
            failed = true;
        }
        sender.stop(goodbye);
        socket.shutdown();
        NbdSender.join(receiver);
        socket.close();
        arena.close();
    }
}
