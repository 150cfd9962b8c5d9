// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The listening end of a Unix stream socket, blocking: how two processes of a benchmark or a test hand descriptors to
 * each other. Dom0 has an event loop for that.
 */
public final class UnixListener implements AutoCloseable {
    private static final MethodHandle BIND = Native.linkWords("bind");
    private static final MethodHandle LISTEN = Native.linkWords("listen");
    private static final MethodHandle ACCEPT = Native.linkWords("accept4");
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int BACKLOG = 16;

    private final OwnedDescriptor fd;
    private final Path path;

    /**
     * Listens.
     *
     * @param path must not exist; at most 107 bytes, the system's limit
     * @throws HostException with the errno of bind(2) or listen(2)
     */
    public UnixListener(Path path) {
        this.path = path;
        MemorySegment state = Native.state();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment address = UnixSocket.address("bind", path.toString(), scratch);
            this.fd = new OwnedDescriptor(UnixSocket.open());
            if (Native.callInt(BIND, state, fd.number(), address.address(), address.byteSize()) != 0
                    || Native.callInt(LISTEN, state, fd.number(), BACKLOG) != 0) {
                HostException failure = Native.failure("bind " + path, state);
                fd.close();
                throw failure;
            }
        }
    }

    /** The descriptor: readable when {@link #accept} would not wait. Stays owned by this object. */
    public int fd() {
        return fd.number();
    }

    /** Waits for a connection. */
    public UnixSocket accept() {
        MemorySegment state = Native.state();
        while (true) {
            int accepted = Native.callInt(ACCEPT, state, fd.number(), 0, 0, SOCK_CLOEXEC);
            if (accepted >= 0) {
                return new UnixSocket(accepted);
            }
            if (Native.errno(state) != Errno.EINTR) {
                throw Native.failure("accept4", state);
            }
        }
    }

    /** Closes the descriptor and removes the path. Idempotent. */
    @Override
    public void close() {
        fd.close();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
