// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An NBD server that does as a test's scripts say, rightly or wrongly: one script for each connection. Connections for which
 * there is none are closed at once.
 */
final class FakeNbdServer implements AutoCloseable {
    static final long SIZE = 1 << 20;
    static final int READ = 0;
    static final int WRITE = 1;
    static final int FLUSH = 3;
    static final int FLAGS = 1 | 4 | 32;

    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final BlockingQueue<Script> scripts = new LinkedBlockingQueue<>();
    private final AtomicInteger turnedAway = new AtomicInteger();
    private final Thread thread;

    @FunctionalInterface
    interface Script {
        void run(Wire wire) throws IOException;
    }

    /** The server's end of the connection. */
    record Wire(DataInputStream in, DataOutputStream out, Socket socket) {
        void hello(int flags) throws IOException {
            out.writeLong(0x4e42444d41474943L);
            out.writeLong(0x49484156454f5054L);
            out.writeShort(flags);
        }

        /** Reads the client's flags and one option; answers which. */
        int option() throws IOException {
            in.readInt();
            return nextOption();
        }

        int nextOption() throws IOException {
            in.readLong();
            int option = in.readInt();
            in.readFully(new byte[in.readInt()]);
            return option;
        }

        void reply(int option, int type, byte[] body) throws IOException {
            out.writeLong(0x3e889045565a9L);
            out.writeInt(option);
            out.writeInt(type);
            out.writeInt(body.length);
            out.write(body);
        }

        /** The whole negotiation, as it should be. */
        void negotiate() throws IOException {
            negotiate(SIZE);
        }

        void negotiate(long size) throws IOException {
            hello(3);
            option();
            java.nio.ByteBuffer info = java.nio.ByteBuffer.allocate(12);
            info.putShort((short) 0).putLong(size).putShort((short) FLAGS);
            reply(7, 3, info.array());
            reply(7, 1, new byte[0]);
        }

        /** Reads a request's header and, for a write, its data. */
        Request request() throws IOException {
            int magic = in.readInt();
            in.readShort();
            int type = in.readUnsignedShort();
            long cookie = in.readLong();
            long offset = in.readLong();
            int length = in.readInt();
            Request request = new Request(type, cookie, offset, length, new byte[type == WRITE ? length : 0]);
            if (magic != 0x25609513) {
                throw new IOException("not a request");
            }
            if (request.type == WRITE) {
                in.readFully(request.data);
            }
            return request;
        }

        /** Reads the next request, which has to be this one, and does it. */
        Request expect(int type, long offset) throws IOException {
            Request request = request();
            if (request.type != type || request.offset != offset) {
                throw new IOException("expected " + type + " at " + offset + ", got " + request);
            }
            return request;
        }

        void succeed(Request request) throws IOException {
            answer(request.cookie, 0, new byte[request.type == READ ? request.length : 0]);
        }

        /** Stays until the client goes. */
        void linger() throws IOException {
            while (in.read() >= 0) {
                // A server that reads, and never answers.
            }
        }

        void answer(long cookie, int error, byte[] data) throws IOException {
            out.writeInt(0x67446698);
            out.writeInt(error);
            out.writeLong(cookie);
            out.write(data);
        }
    }

    /** @param data of a write */
    record Request(int type, long cookie, long offset, int length, byte[] data) {}

    FakeNbdServer(Script... inOrder) throws IOException {
        scripts.addAll(List.of(inOrder));
        thread = Thread.ofPlatform().daemon().name("fake nbd").start(this::serve);
    }

    /** A script for the next connection that finds none. */
    void then(Script script) {
        scripts.add(script);
    }

    /** Connections that were closed at once. */
    int turnedAway() {
        return turnedAway.get();
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                Script script = scripts.poll();
                if (script == null) {
                    turnedAway.incrementAndGet();
                } else {
                    socket.setTcpNoDelay(true);
                    script.run(new Wire(
                            new DataInputStream(socket.getInputStream()),
                            new DataOutputStream(socket.getOutputStream()),
                            socket));
                }
            } catch (IOException e) {
                // The client hung up, or the test is over: tests look at the client.
                continue;
            }
        }
    }

    String url() {
        return "nbd://" + server.getInetAddress().getHostAddress() + ":" + server.getLocalPort() + "/x";
    }

    @Override
    public void close() throws IOException {
        server.close();
        thread.interrupt();
    }
}
