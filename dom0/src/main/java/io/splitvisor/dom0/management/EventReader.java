// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** The client's end of the stream of events. */
public final class EventReader implements AutoCloseable {
    private final SocketChannel channel;
    private final HttpExchange exchange;
    private String pending = "";

    EventReader(SocketChannel channel, HttpExchange exchange) {
        this.channel = channel;
        this.exchange = exchange;
    }

    /**
     * The next event, waiting for it: {@code shutdown DOMID REASON-CODE NAME}, {@code destroyed DOMID NAME}, ...
     *
     * @throws ToolstackException SHUTTING_DOWN when Dom0 is gone
     */
    public String next() {
        try {
            while (pending.indexOf('\n') < 0) {
                byte[] chunk = exchange.readChunk();
                if (chunk.length == 0) {
                    throw new IOException("it ended");
                }
                pending += new String(chunk, StandardCharsets.UTF_8);
            }
            int end = pending.indexOf('\n');
            String line = pending.substring(0, end);
            pending = pending.substring(end + 1);
            return line;
        } catch (IOException e) {
            throw new ToolstackException(Kind.SHUTTING_DOWN, "lost the connection to Dom0: " + e.getMessage(), e);
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
