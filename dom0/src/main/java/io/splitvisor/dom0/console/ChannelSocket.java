// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.ByteLine;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.host.SocketPath;
import io.splitvisor.xenbus.ControlThread;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A console whose bytes go through a Unix socket on the host, for agents rather than for people: one client at a time, others
 * wait until it is gone. Nothing is remembered for the next one, and while there is none, what the guest writes is lost, as
 * with the sockets of QEMU that libxl uses. A client that does not read holds the guest's writes up, a guest that does not
 * read the client's; both sides' bytes wait in bounded buffers.
 */
public final class ChannelSocket implements ByteDevice {
    private static final int BUFFER_BYTES = 1 << 14;
    private static final int CHUNK_BYTES = 2048;
    private static final long RETRY_NANOS = 10_000_000;

    private final Path path;
    private final ControlThread timer;
    private final ServerSocketChannel server;
    private final Pace pace;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private volatile ByteLine line;
    private volatile boolean closed;

    // Guarded by this: touched by the loop and by the client's threads.
    private final ByteFifo toClient = new ByteFifo(BUFFER_BYTES);
    private final ByteFifo toGuest = new ByteFifo(BUFFER_BYTES);
    private SocketChannel client;

    /**
     * Begins to listen.
     *
     * @param path where; a socket that nobody serves any more is replaced
     * @param timer the channel's own. Closed with it
     * @throws DeviceException if it cannot listen there
     */
    public ChannelSocket(Path path, ControlThread timer) {
        this.path = path;
        this.timer = timer;
        this.pace = new Pace(timer);
        try {
            this.server = listen(path);
        } catch (DeviceException e) {
            timer.close();
            throw e;
        }
        Thread.ofVirtual().name("channel " + path.getFileName()).start(this::accept);
    }

    private static ServerSocketChannel listen(Path path) {
        try {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
            // Where somebody listens, too, binding will tell.
            SocketPath.makeRoom(path);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                return server.bind(address, 1);
            } catch (IOException | RuntimeException e) {
                server.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            throw new DeviceException("cannot listen on " + path + ": " + e.getMessage(), e);
        }
    }

    private void accept() {
        while (!closed) {
            try (SocketChannel next = server.accept()) {
                serve(next);
            } catch (IOException e) {
                // The client's end, or the channel's; or this process has no descriptor left, for some time.
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private void serve(SocketChannel next) throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            client = next;
        }
        Thread writer = Thread.ofVirtual().name("channel writer").start(() -> write(next));
        try {
            ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
            while (next.read(buffer) >= 0) {
                pass(buffer.array(), buffer.position());
                buffer.clear();
            }
        } finally {
            end(next);
            writer.interrupt();
        }
    }

    /** Hands bytes to the guest, and waits while it does not read. */
    private void pass(byte[] bytes, int length) {
        int passed = 0;
        while (passed < length && !closed) {
            synchronized (this) {
                passed += toGuest.put(bytes, passed, length - passed);
            }
            wake();
            await(() -> toGuest.room() > 0 || closed);
        }
    }

    private void write(SocketChannel to) {
        byte[] bytes = new byte[CHUNK_BYTES];
        try {
            for (int count = take(to, bytes); count > 0; count = take(to, bytes)) {
                wake();
                ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
        } catch (IOException e) {
            end(to);
        }
    }

    /** Bytes for a client; 0 when it is not the client any more. */
    private synchronized int take(SocketChannel from, byte[] bytes) {
        await(() -> toClient.size() > 0 || client != from);
        return client == from ? toClient.take(bytes, 0, bytes.length) : 0;
    }

    private synchronized void await(BooleanSupplier what) {
        while (!what.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException _) {
                // Whoever interrupts has changed what is waited for.
            }
        }
    }

    private synchronized void end(SocketChannel gone) {
        if (client == gone) {
            client = null;
            toClient.drop(toClient.size());
            notifyAll();
        }
        try {
            gone.close();
        } catch (IOException _) {
            // Nothing is lost with it.
        }
    }

    private void wake() {
        ByteLine now = line;
        if (now != null) {
            now.wake();
        }
    }

    @Override
    public void ready(ByteLine connected) {
        line = connected;
        if (!pace.isResting() && move(connected) > 0) {
            pace.count(this::wake);
        }
    }

    private synchronized int move(ByteLine connected) {
        int wanted = client == null ? chunk.length : Math.min(chunk.length, toClient.room());
        int count = connected.read(chunk, 0, wanted);
        if (client != null) {
            toClient.put(chunk, 0, count);
        }
        int given = toGuest.giveTo(connected);
        notifyAll();
        return count + given;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (client != null) {
                end(client);
            }
            notifyAll();
        }
        timer.close();
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException _) {
            // A file that somebody else has taken away, or put in its place.
        }
    }
}
