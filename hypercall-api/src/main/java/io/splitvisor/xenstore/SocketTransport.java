// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * xenstored's Unix socket, as the control domain's tools use it. The channel is non-blocking, because a thread that is
 * interrupted in a blocking write would close it for everybody.
 */
public final class SocketTransport implements XenstoreTransport {
    private static final long STALLED_MILLIS = 60_000;

    private final SocketChannel channel;
    private final Selector readable;
    private final Selector writable;
    private volatile boolean closing;

    private SocketTransport(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        readable = Selector.open();
        writable = Selector.open();
        channel.register(readable, SelectionKey.OP_READ);
        channel.register(writable, SelectionKey.OP_WRITE);
    }

    /**
     * Connects.
     *
     * @throws XenstoreException EIO if nobody listens there
     */
    public static SocketTransport connect(Path socket) {
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            return new SocketTransport(channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw new XenstoreException(XsError.EIO, "connect", socket.toString(), e);
        }
    }

    @Override
    public void open(Receiver receiver) {
        Thread thread = new Thread(new Reader(receiver), "xenstore-socket");
        thread.setDaemon(true);
        thread.start();
    }

    /** Waits for bytes and hands them over, until the end. */
    private final class Reader implements Runnable {
        private final Receiver receiver;

        Reader(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void run() {
            ByteBuffer buffer = ByteBuffer.allocate(XsWire.HEADER_SIZE + XsWire.PAYLOAD_MAX);
            String reason = "xenstored closed the connection";
            try {
                while (!closing) {
                    buffer.clear();
                    int count = channel.read(buffer);
                    if (count < 0) {
                        break;
                    }
                    if (count > 0) {
                        receiver.received(buffer.array(), 0, count);
                        continue;
                    }
                    int unused = readable.select();
                    readable.selectedKeys().clear();
                }
            } catch (IOException | RuntimeException e) {
                reason = e.toString();
            }
            receiver.closed(reason);
            release();
        }
    }

    @Override
    public void send(byte[] bytes) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        boolean interrupted = false;
        try {
            while (rest.hasRemaining()) {
                if (channel.write(rest) == 0) {
                    // The rest of a message has to follow its beginning, so an interrupt waits; it would end the
                    // select.
                    interrupted |= Thread.interrupted();
                    int ready = writable.select(STALLED_MILLIS);
                    writable.selectedKeys().clear();
                    if (ready == 0 && !Thread.currentThread().isInterrupted()) {
                        close();
                        throw new XenstoreException(XsError.EIO, "send", "xenstored does not read");
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            throw e instanceof XenstoreException known
                    ? known
                    : new XenstoreException(XsError.EIO, "send", "socket", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void poll() {
        // The reader's thread finds everything.
    }

    @Override
    public boolean needsPolling() {
        return false;
    }

    @Override
    public void close() {
        closing = true;
        readable.wakeup();
    }

    private void release() {
        closeQuietly(readable);
        closeQuietly(writable);
        closeQuietly(channel);
    }

    private static void closeQuietly(AutoCloseable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (Exception e) {
                // Nothing to be saved in something that is being thrown away.
                return;
            }
        }
    }
}
