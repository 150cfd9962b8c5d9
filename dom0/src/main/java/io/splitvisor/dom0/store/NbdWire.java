// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import io.splitvisor.host.StreamSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/** Whole messages over a socket, one after the other: for the negotiation, and for what comes before the first request. */
final class NbdWire implements AutoCloseable {
    private static final int MOST = 8192;

    private final StreamSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(MOST);
    private final IoVector vector = new IoVector(arena, 1);

    NbdWire(StreamSocket socket) {
        this.socket = socket;
    }

    void send(ByteBuffer message) {
        byte[] bytes = message.array();
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, message.position());
        vector.clear();
        vector.add(buffer.address(), message.position());
        send(vector);
    }

    /** Sends, and consumes, all of it. */
    void send(IoVector message) {
        while (message.bytes() > 0) {
            moved(message, "send to the NBD server", socket.send(message.address(), message.count(), true));
        }
    }

    ByteBuffer receive(int count) {
        if (count < 0 || count > MOST) {
            throw new HostException("message of " + count + " bytes from the NBD server", Errno.EINVAL);
        }
        byte[] bytes = new byte[count];
        vector.clear();
        if (count > 0) {
            vector.add(buffer.address(), count);
        }
        while (vector.bytes() > 0) {
            moved(vector, "receive from the NBD server", socket.receive(vector.address(), vector.count()));
        }
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, 0, count);
        return ByteBuffer.wrap(bytes);
    }

    private static void moved(IoVector message, String call, long result) {
        if (result == 0) {
            throw new HostException(call, Errno.EPIPE);
        }
        if (result > 0) {
            message.consume(result);
        } else if (result != -Errno.EINTR) {
            throw new HostException(call, (int) -result);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
