// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The client's end of a console. One thread may read while another writes. */
public final class ConsoleConnection implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer first;

    /**
     * @param channel the connection
     * @param first what came together with the answer that opened it
     */
    ConsoleConnection(SocketChannel channel, ByteBuffer first) {
        this.channel = channel;
        this.first = first;
    }

    /** Reads what the guest wrote; -1 when the domain is gone, or the connection. */
    public int read(byte[] buffer) {
        if (first.hasRemaining()) {
            int n = Math.min(first.remaining(), buffer.length);
            first.get(buffer, 0, n);
            return n;
        }
        try {
            return channel.read(ByteBuffer.wrap(buffer));
        } catch (IOException _) {
            return -1;
        }
    }

    /** Sends bytes to the guest; false when the connection is gone. */
    public boolean write(byte[] buffer, int offset, int length) {
        ByteBuffer bytes = ByteBuffer.wrap(buffer, offset, length);
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException _) {
            // nothing is lost with it
        }
    }
}
