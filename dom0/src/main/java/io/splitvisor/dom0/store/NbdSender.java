// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.StreamSocket;
import io.splitvisor.ring.BoundedQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends requests, as many with one system call as there are. Whoever finds nobody sending sends himself, without waiting;
 * when the socket is full the rest goes to a thread of its own, which may wait.
 *
 * <p>{@code calls} counts calls of {@link #push} that nobody has looked after yet; who takes it from 0 to 1 owns the
 * sending side until he takes it back to 0. While the connection is down its receiver owns it.
 */
final class NbdSender {
    /** Pieces of memory in one request, and IOV_MAX. */
    private static final int PIECES = 256;

    private static final int MOST_PIECES = 1024;

    private final NbdSlots slots;
    private final BoundedQueue<StoreRequest> waiting;
    private final NbdConnection connection;
    private final IoVector vector;
    private final Thread patient;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean handedOver;
    private volatile boolean stopped;

    // The owner's.
    private StreamSocket socket;
    private NbdSlot[] again = {};
    private int nextAgain;

    NbdSender(
            NbdConnection connection,
            StreamSocket socket,
            Arena arena,
            BoundedQueue<StoreRequest> waiting,
            NbdSlots slots,
            String name) {
        this.connection = connection;
        this.socket = socket;
        this.waiting = waiting;
        this.slots = slots;
        this.vector = new IoVector(arena, MOST_PIECES);
        this.patient = Thread.ofPlatform().daemon().name("nbd send " + name).start(this::sendPatiently);
    }

    /** Sends what waits. Does not wait itself. Any thread. */
    void push() {
        if (calls.getAndIncrement() == 0) {
            send(false);
        }
    }

    private void send(boolean mayWait) {
        int seen = calls.get();
        while (seen != 0) {
            if (!sendAll(mayWait)) {
                handedOver = true;
                LockSupport.unpark(patient);
                return;
            }
            seen = calls.addAndGet(-seen);
        }
    }

    private void sendPatiently() {
        while (!stopped) {
            if (handedOver) {
                handedOver = false;
                send(true);
            } else {
                LockSupport.park(this);
            }
        }
    }

    /** False if the socket is full and the caller does not want to wait. */
    private boolean sendAll(boolean mayWait) {
        while (true) {
            if (vector.bytes() == 0) {
                gather();
                if (vector.bytes() == 0) {
                    return true;
                }
            }
            long sent = socket.send(vector.address(), vector.count(), mayWait);
            if (sent > 0) {
                vector.consume(sent);
            } else if (sent == -Errno.EAGAIN && !mayWait) {
                return false;
            } else if (sent != -Errno.EINTR) {
                // What was sent, or not, is in its slots and will be sent again.
                connection.broke("cannot send", (int) -sent);
                vector.clear();
            }
        }
    }

    private void gather() {
        vector.clear();
        while (vector.room() > PIECES && connection.isUp()) {
            NbdSlot slot = nextAgain < again.length ? again[nextAgain++] : fill();
            if (slot == null) {
                return;
            }
            StoreRequest request = slot.request();
            if (request == null) {
                // A server that answers what it was not sent yet: it will not like what follows.
                continue;
            }
            vector.add(slot.headerAddress(), NbdProtocol.REQUEST_BYTES);
            if (request.operation() == StoreRequest.Operation.WRITE) {
                vector.addAll(request.data());
            }
        }
    }

    /** A slot with the next request; null if there is none, or no slot: then the receiver pushes when it has one. */
    private NbdSlot fill() {
        NbdSlot slot = slots.free();
        if (slot == null) {
            return null;
        }
        StoreRequest request = waiting.poll();
        if (request == null) {
            slots.release(slot);
            return null;
        }
        slots.fill(slot, request);
        return slot;
    }

    /** Takes the sending side from whoever has it; the connection is down, so that he is about to stop. */
    boolean tryOwn() {
        return calls.compareAndSet(0, 1);
    }

    /** Gives the sending side back: over this socket these requests go first, then what waits. */
    void resume(StreamSocket over, NbdSlot[] first) {
        socket = over;
        again = first;
        nextAgain = 0;
        vector.clear();
        send(false);
    }

    /** Gives the sending side back as it is. */
    void disown() {
        send(false);
    }

    /** Says goodbye if nobody is sending, and sends nothing more. */
    void stop(MemorySegment goodbye) {
        if (tryOwn()) {
            vector.clear();
            vector.add(goodbye.address(), goodbye.byteSize());
            // If it does not get through, the server finds out from the end of the connection.
            long ignored = socket.send(vector.address(), 1, false);
        } else {
            connection.shutdown();
            while (!tryOwn()) {
                LockSupport.parkNanos(50_000);
            }
        }
        stopped = true;
        LockSupport.unpark(patient);
        join(patient);
    }

    static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
