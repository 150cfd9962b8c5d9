// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.host.SocketPath;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Packets to and from a debugger: {@code $data#checksum}, acknowledged by {@code +} until both agree to stop that. */
final class GdbConnection implements AutoCloseable {
    /** In {@link #next}: the debugger has gone. */
    static final String GONE = "";

    private static final int CTRL_C = 3;
    private static final int LONGEST = 1 << 17;

    private final Path path;
    private final ServerSocketChannel listener;
    private final BlockingQueue<String> packets = new LinkedBlockingQueue<>();
    private final Runnable interrupt;

    private SocketChannel peer;
    private volatile boolean acknowledges = true;

    /**
     * Listens on a socket. One that a processor left behind that was killed is replaced.
     *
     * @param interrupt called on another thread when the debugger wants the processor to stop
     */
    GdbConnection(Path path, Runnable interrupt) throws IOException {
        this.path = path;
        this.interrupt = interrupt;
        SocketPath.makeRoom(path);
        this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    /** Waits for a debugger. */
    void accept() throws IOException {
        peer = listener.accept();
        Thread.ofPlatform().name("gdb").daemon(true).start(this::read);
    }

    /** The next packet; {@link #GONE} for ever once the debugger has gone. */
    String next() {
        while (true) {
            try {
                String packet = packets.take();
                if (packet.equals(GONE)) {
                    packets.add(GONE);
                }
                return packet;
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return GONE;
            }
        }
    }

    /** No acknowledgements from now on. */
    void stopAcknowledging() {
        acknowledges = false;
    }

    /** Sends a packet. Characters that the protocol uses are escaped. */
    void send(String data) {
        var text = new StringBuilder("$");
        int sum = 0;
        for (int i = 0; i < data.length(); i++) {
            char ch = data.charAt(i);
            boolean special = ch == '$' || ch == '#' || ch == '}' || ch == '*';
            if (special) {
                text.append('}');
                sum += '}';
                ch = (char) (ch ^ 0x20);
            }
            text.append(ch);
            sum += ch;
        }
        text.append('#').append(hex(sum >>> 4 & 15)).append(hex(sum & 15));
        write(text.toString());
    }

    private static char hex(int digit) {
        return Character.forDigit(digit, 16);
    }

    private synchronized void write(String text) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                peer.write(bytes);
            }
        } catch (IOException _) {
            // The reader sees the end, too, and tells.
        }
    }

    private void read() {
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        var packet = new StringBuilder();
        // -1 outside a packet, 0 inside, 1 and 2 in its checksum.
        int state = -1;
        try {
            while (peer.read(buffer.clear()) >= 0 && packet.length() < LONGEST) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    state = take((char) (buffer.get() & 0xff), state, packet);
                }
            }
        } catch (IOException _) {
            // It has gone, as at the end of the stream.
        }
        packets.add(GONE);
        interrupt.run();
    }

    private int take(char ch, int state, StringBuilder packet) {
        switch (state) {
            case -1 -> {
                if (ch == CTRL_C) {
                    interrupt.run();
                }
                packet.setLength(0);
                return ch == '$' ? 0 : -1;
            }
            case 0 -> {
                if (ch == '#') {
                    return 1;
                }
                packet.append(ch);
                return 0;
            }
            case 1 -> {
                return 2;
            }
            default -> {
                // A Unix socket loses nothing: the checksum says nothing new.
                if (acknowledges) {
                    write("+");
                }
                packets.add(packet.isEmpty() ? "?" : packet.toString());
                return -1;
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (peer != null) {
            peer.close();
        }
        listener.close();
        Files.deleteIfExists(path);
    }
}
