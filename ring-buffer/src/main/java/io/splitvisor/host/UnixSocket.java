// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The client's end of a Unix stream socket, blocking, able to receive descriptors. It is what a guest attaches with, so
 * it loads nothing that a guest does not need.
 */
public final class UnixSocket implements AutoCloseable {
    private static final MethodHandle SOCKET = Native.linkWords("socket");
    private static final MethodHandle CONNECT = Native.linkWords("connect");
    private static final MethodHandle SEND = Native.linkWords("send");
    private static final MethodHandle RECVMSG = Native.linkWords("recvmsg");

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SUN_PATH_MAX = 107;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int NO_DESCRIPTOR = -1;

    /** Linked by senders of descriptors only; a guest is none. */
    private static final class Passing {
        private static final MethodHandle SENDMSG = Native.linkWords("sendmsg");
    }

    // One buffer: msghdr (56 bytes), iovec (16), control (cmsghdr and one int), then the data. The control part is not
    // padded to CMSG_SPACE: in the padding the system would deliver a second descriptor, which nobody took.
    private static final int IOVEC = 64;
    private static final int CONTROL = 96;
    private static final int CONTROL_BYTES = 20;
    private static final int DATA = 128;
    private static final int DATA_BYTES = 4096;

    private final OwnedDescriptor fd;
    // Freed when nobody can reach it any more, so that closing under a receiver's feet does no harm.
    private final MemorySegment buffer = Arena.ofAuto().allocate(DATA + DATA_BYTES, 8);
    private volatile boolean closed;
    private int received = NO_DESCRIPTOR;

    /** Takes over a connected socket. */
    UnixSocket(int fd) {
        this.fd = new OwnedDescriptor(fd);
    }

    /**
     * Connects to a listening socket.
     *
     * @param path at most 107 bytes, the system's limit
     * @throws HostException if nobody listens there, or the path is too long
     */
    public static UnixSocket connect(String path) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment address = address("connect", path, scratch);
            int fd = open();
            if (Native.callInt(CONNECT, state, fd, address.address(), address.byteSize()) != 0) {
                HostException failure = Native.failure("connect " + path, state);
                Descriptors.close(fd);
                throw failure;
            }
            return new UnixSocket(fd);
        }
    }

    /** A new stream socket, closed on exec. */
    static int open() {
        MemorySegment state = Native.state();
        int fd = Native.callInt(SOCKET, state, AF_UNIX, SOCK_STREAM_CLOEXEC);
        if (fd < 0) {
            throw Native.failure("socket", state);
        }
        return fd;
    }

    /** struct sockaddr_un. */
    static MemorySegment address(String call, String path, Arena scratch) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        if (name.length > SUN_PATH_MAX) {
            throw new HostException(call + " " + path + " (longer than " + SUN_PATH_MAX + " bytes)", Errno.EINVAL);
        }
        MemorySegment address = scratch.allocate(2 + SUN_PATH_MAX + 1);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
        return address;
    }

    /** The descriptor: readable when data, or the end of the connection, is there. Stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return fd.number();
    }

    /** Sends all bytes. */
    public void send(byte[] bytes) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment data = scratch.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
            long sent = 0;
            while (sent < bytes.length) {
                long at = data.address() + sent;
                long left = bytes.length - sent;
                long n = (long) SEND.invokeExact(state, (long) fd.number(), at, left, (long) MSG_NOSIGNAL, 0L, 0L);
                if (n < 0) {
                    if (Native.errno(state) == Errno.EINTR) {
                        continue;
                    }
                    throw Native.failure("send", state);
                }
                sent += n;
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Sends all bytes, at least one, and a descriptor with the first of them.
     *
     * @param descriptor any open descriptor; the receiver gets its own
     */
    public void send(byte[] bytes, int descriptor) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment message = scratch.allocate(DATA + 1, 8);
            prepare(message, 1);
            message.set(ValueLayout.JAVA_BYTE, DATA, bytes[0]);
            message.set(LONG, CONTROL, CONTROL_BYTES);
            message.set(INT, CONTROL + 8, SOL_SOCKET);
            message.set(INT, CONTROL + 12, SCM_RIGHTS);
            message.set(INT, CONTROL + 16, descriptor);
            long at = message.address();
            while ((long) Passing.SENDMSG.invokeExact(state, (long) fd.number(), at, (long) MSG_NOSIGNAL, 0L, 0L, 0L)
                    < 0) {
                if (Native.errno(state) != Errno.EINTR) {
                    throw Native.failure("sendmsg", state);
                }
            }
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
        send(Arrays.copyOfRange(bytes, 1, bytes.length));
    }

    private static void prepare(MemorySegment message, long dataBytes) {
        long base = message.address();
        message.asSlice(0, DATA).fill((byte) 0);
        message.set(LONG, IOVEC, base + DATA);
        message.set(LONG, IOVEC + 8, dataBytes);
        message.set(LONG, 16, base + IOVEC);
        message.set(LONG, 24, 1);
        message.set(LONG, 32, base + CONTROL);
        message.set(LONG, 40, CONTROL_BYTES);
    }

    /**
     * Receives exactly this many bytes; the last descriptor that comes along is kept for {@link #takeDescriptor}. A
     * message carries one: the system closes what is more.
     *
     * @throws HostException EPIPE if the peer closed the connection before
     */
    public byte[] receive(int count) {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        byte[] result = new byte[count];
        int have = 0;
        while (have < count) {
            int n = receiveSome(Math.min(count - have, DATA_BYTES));
            MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, DATA, result, have, n);
            have += n;
        }
        return result;
    }

    private int receiveSome(int most) {
        MemorySegment state = Native.state();
        while (true) {
            prepare(buffer, most);
            long n;
            try {
                long at = buffer.address();
                n = (long) RECVMSG.invokeExact(state, (long) fd.number(), at, (long) MSG_CMSG_CLOEXEC, 0L, 0L, 0L);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            } finally {
                Reference.reachabilityFence(buffer);
            }
            if (n > 0) {
                keepDescriptor();
                return (int) n;
            }
            if (n == 0) {
                throw new HostException("receive: the peer closed the connection", Errno.EPIPE);
            }
            if (Native.errno(state) != Errno.EINTR) {
                throw Native.failure("recvmsg", state);
            }
        }
    }

    private void keepDescriptor() {
        boolean carriesOne = buffer.get(LONG, 40) >= CONTROL_BYTES
                && buffer.get(INT, CONTROL + 8) == SOL_SOCKET
                && buffer.get(INT, CONTROL + 12) == SCM_RIGHTS;
        if (carriesOne) {
            dropDescriptor();
            received = buffer.get(INT, CONTROL + 16);
        }
    }

    private void dropDescriptor() {
        if (received != NO_DESCRIPTOR) {
            Descriptors.close(received);
            received = NO_DESCRIPTOR;
        }
    }

    /**
     * The descriptor that came with the bytes received last; the caller owns it.
     *
     * @throws HostException EBADF if none came
     */
    public int takeDescriptor() {
        if (received == NO_DESCRIPTOR) {
            throw new HostException("receive: no descriptor came", Errno.EBADF);
        }
        int result = received;
        received = NO_DESCRIPTOR;
        return result;
    }

    /** Closes the connection and a descriptor that nobody took. Idempotent; not while another thread receives. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            dropDescriptor();
            fd.close();
        }
    }
}
