// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** An NBD server that does as a test's script says, rightly or wrongly. Serves one connection. */
final class FakeNbdServer implements AutoCloseable {
    static final long SIZE = 1 << 20;
    static final int FLAGS = 1 | 4 | 32;

    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
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
            hello(3);
            option();
            java.nio.ByteBuffer info = java.nio.ByteBuffer.allocate(12);
            info.putShort((short) 0).putLong(SIZE).putShort((short) FLAGS);
            reply(7, 3, info.array());
            reply(7, 1, new byte[0]);
        }

        /** Reads a request's header and, for a write, its data. */
        Request request() throws IOException {
            int magic = in.readInt();
            in.readShort();
            Request request = new Request(in.readUnsignedShort(), in.readLong(), in.readLong(), in.readInt());
            if (magic != 0x25609513) {
                throw new IOException("not a request");
            }
            if (request.type == 1) {
                in.readFully(new byte[request.length]);
            }
            return request;
        }

        void answer(long cookie, int error, byte[] data) throws IOException {
            out.writeInt(0x67446698);
            out.writeInt(error);
            out.writeLong(cookie);
            out.write(data);
        }
    }

    record Request(int type, long cookie, long offset, int length) {}

    FakeNbdServer(Script script) throws IOException {
        thread = Thread.ofPlatform().daemon().name("fake nbd").start(() -> {
            try (Socket socket = server.accept()) {
                script.run(new Wire(
                        new DataInputStream(socket.getInputStream()),
                        new DataOutputStream(socket.getOutputStream()),
                        socket));
            } catch (IOException e) {
                // The client hung up, or the test is over: tests look at the client.
                return;
            }
        });
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
