// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.INT;
import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * The client's end of a stream socket, Unix or TCP, that moves data straight from and to mapped memory.
 *
 * <p>Data is named by address as in {@link HostFile}. One thread may send while another receives; each direction is
 * confined to one thread at a time.
 */
public final class StreamSocket implements AutoCloseable {
    private static final MethodHandle SOCKET = Native.linkWords("socket");
    private static final MethodHandle CONNECT = Native.linkWords("connect");
    private static final MethodHandle SENDMSG = Native.linkWords("sendmsg");
    private static final MethodHandle READV = Native.linkWords("readv");
    private static final MethodHandle SHUTDOWN = Native.linkWords("shutdown");
    private static final MethodHandle SETSOCKOPT = Native.linkWords("setsockopt");

    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_RDWR = 2;
    private static final int SOL_SOCKET = 1;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int TCP_USER_TIMEOUT = 18;

    /** How long connecting may take. */
    private static final int CONNECT_SECONDS = 5;

    /** How long a host may be silent that has something to say, or to confirm, before it counts as gone. */
    private static final int SILENT_SECONDS = 30;

    private static final int PROBES = 3;
    private static final int SUN_PATH_MAX = 107;

    /** struct msghdr: name, namelen, iov at 16, iovlen at 24, control, controllen, flags. */
    private static final int MSGHDR_BYTES = 56;

    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment message = arena.allocate(MSGHDR_BYTES, 8);

    private StreamSocket(int fd) {
        this.fd = fd;
    }

    /**
     * Connects to a listening Unix socket.
     *
     * @param path at most 107 bytes, the system's limit
     * @throws HostException with the errno of connect(2)
     */
    public static StreamSocket connectUnix(String path) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        if (name.length > SUN_PATH_MAX) {
            throw new HostException("connect " + path + " (longer than " + SUN_PATH_MAX + " bytes)", Errno.EINVAL);
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment address = scratch.allocate(2 + SUN_PATH_MAX + 1);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
            return connect(AF_UNIX, address, path);
        }
    }

    /**
     * Connects to a TCP port. Small messages are sent at once; a host that is gone without a word is noticed.
     *
     * @param remote a resolved address
     * @throws HostException with the errno of connect(2)
     */
    public static StreamSocket connectTcp(InetSocketAddress remote) {
        byte[] host = remote.getAddress().getAddress();
        boolean v4 = remote.getAddress() instanceof Inet4Address;
        try (Arena scratch = Arena.ofConfined()) {
            // sockaddr_in: family, port, address at 4; sockaddr_in6: family, port, flow label, address at 8, scope
            MemorySegment address = scratch.allocate(v4 ? 16 : 28, 4);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) (v4 ? AF_INET : AF_INET6));
            address.set(ValueLayout.JAVA_SHORT, 2, Short.reverseBytes((short) remote.getPort()));
            MemorySegment.copy(host, 0, address, ValueLayout.JAVA_BYTE, v4 ? 4 : 8, host.length);
            StreamSocket socket = connect(v4 ? AF_INET : AF_INET6, address, remote.toString());
            socket.option(IPPROTO_TCP, TCP_NODELAY, 1, INT.byteSize());
            socket.option(SOL_SOCKET, SO_KEEPALIVE, 1, INT.byteSize());
            socket.option(IPPROTO_TCP, TCP_KEEPIDLE, SILENT_SECONDS / (PROBES + 1), INT.byteSize());
            socket.option(IPPROTO_TCP, TCP_KEEPINTVL, SILENT_SECONDS / (PROBES + 1), INT.byteSize());
            socket.option(IPPROTO_TCP, TCP_KEEPCNT, PROBES, INT.byteSize());
            socket.option(IPPROTO_TCP, TCP_USER_TIMEOUT, SILENT_SECONDS * 1000, INT.byteSize());
            return socket;
        }
    }

    private static StreamSocket connect(int family, MemorySegment address, String what) {
        MemorySegment state = Native.state();
        int fd = Native.callInt(SOCKET, state, family, SOCK_STREAM_CLOEXEC);
        if (fd < 0) {
            throw Native.failure("socket", state);
        }
        StreamSocket socket = new StreamSocket(fd);
        // On Linux this limits connect(2), too.
        socket.timeout(CONNECT_SECONDS);
        if (Native.callInt(CONNECT, state, fd, address.address(), address.byteSize()) != 0) {
            HostException failure = Native.failure("connect " + what, state);
            socket.close();
            throw failure;
        }
        socket.timeout(0);
        return socket;
    }

    /** Sets how long a send or receive waits before it fails with EAGAIN; 0 means for ever. */
    public void timeout(int seconds) {
        option(SOL_SOCKET, SO_RCVTIMEO, seconds, 2 * LONG.byteSize());
        option(SOL_SOCKET, SO_SNDTIMEO, seconds, 2 * LONG.byteSize());
    }

    private void option(int level, int name, int value, long bytes) {
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment memory = scratch.allocate(bytes, 8);
            memory.set(INT, 0, value);
            if (Native.callInt(SETSOCKOPT, state, fd, level, name, memory.address(), bytes) != 0) {
                throw Native.failure("setsockopt", state);
            }
        }
    }

    /**
     * sendmsg(2) of an array of {@link HostFile#IOVEC}.
     *
     * @param wait false answers -EAGAIN where the call would wait for the peer
     * @return bytes sent, which may be fewer, or a negative errno
     */
    public long send(long iovecs, int count, boolean wait) {
        MemorySegment state = Native.state();
        message.set(LONG, 16, iovecs);
        message.set(LONG, 24, count);
        int flags = wait ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;
        try {
            long result = (long) SENDMSG.invokeExact(state, (long) fd, message.address(), (long) flags, 0L, 0L, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** readv(2) into an array of {@link HostFile#IOVEC}: bytes received, 0 at the end, or a negative errno. */
    public long receive(long iovecs, int count) {
        MemorySegment state = Native.state();
        try {
            long result = (long) READV.invokeExact(state, (long) fd, iovecs, (long) count, 0L, 0L, 0L);
            return result < 0 ? -Native.errno(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Ends both directions: whoever waits in {@link #send} or {@link #receive} comes back. Any thread. */
    public void shutdown() {
        // Failing means that it is not connected any more, which is what was wanted.
        Native.callInt(SHUTDOWN, Native.state(), fd, SHUT_RDWR);
    }

    /** Closes the descriptor; nobody may be sending or receiving any more. */
    @Override
    public void close() {
        arena.close();
        Descriptors.close(fd);
    }
}
