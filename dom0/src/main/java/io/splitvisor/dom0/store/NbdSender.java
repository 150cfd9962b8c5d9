// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.StreamSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends requests, as many with one system call as there are. Whoever finds nobody sending sends himself, without waiting;
 * when the socket is full the rest goes to a thread of its own, which may wait.
 *
 * <p>{@code calls} counts calls of {@link #push} that nobody has looked after yet; who takes it from 0 to 1 owns the
 * socket's sending side until he takes it back to 0.
 */
final class NbdSender {
    /** Pieces of memory in one request, and IOV_MAX. */
    private static final int PIECES = 256;

    private static final int MOST_PIECES = 1024;

    private final StreamSocket socket;
    private final BoundedQueue<StoreRequest> waiting;
    private final BoundedQueue<NbdSlot> free;
    private final NbdConnection connection;
    private final IoVector vector;
    private final Thread patient;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean handedOver;
    private volatile boolean stopped;

    NbdSender(
            NbdConnection connection,
            Arena arena,
            BoundedQueue<StoreRequest> waiting,
            BoundedQueue<NbdSlot> free,
            String name) {
        this.connection = connection;
        this.socket = connection.socket();
        this.waiting = waiting;
        this.free = free;
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
                connection.fail("cannot send", (int) -sent);
                vector.clear();
            }
        }
    }

    private void gather() {
        vector.clear();
        while (vector.room() > PIECES) {
            NbdSlot slot = free.poll();
            if (slot == null) {
                // The receiver pushes again when it has a slot free.
                return;
            }
            StoreRequest request = waiting.poll();
            if (request == null) {
                free.offer(slot);
                return;
            }
            slot.put(request);
            vector.add(slot.headerAddress(), NbdProtocol.REQUEST_BYTES);
            if (request.operation() == StoreRequest.Operation.WRITE) {
                vector.addAll(request.data());
            }
            if (connection.isSwept()) {
                connection.abandon(slot);
                vector.clear();
            }
        }
    }

    /** Says goodbye if nobody is sending, and sends nothing more. The socket is shut down already, or soon is. */
    void stop(MemorySegment goodbye) {
        if (calls.compareAndSet(0, 1)) {
            vector.clear();
            vector.add(goodbye.address(), goodbye.byteSize());
            // If it does not get through, the server finds out from the end of the connection.
            long ignored = socket.send(vector.address(), 1, false);
        } else {
            socket.shutdown();
            while (!calls.compareAndSet(0, 1)) {
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
