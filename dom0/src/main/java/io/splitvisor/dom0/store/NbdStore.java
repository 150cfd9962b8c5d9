// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.StreamSocket;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An export of an NBD server, and so anything that the server understands: qcow2 through qemu-nbd, for example. Data goes
 * between the socket and the request's memory without a copy in between. A server that goes away is waited for.
 */
final class NbdStore implements BlockStore {
    private static final int DEPTH = 4096;

    /** The protocol's length is an unsigned 32-bit number; larger discards are trimmed down to whole blocks. */
    private static final long LARGEST_TRIM = 1L << 31;

    private final String name;
    private final StoreGeometry geometry;
    private final NbdConnection connection;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NbdStore(String name, StoreGeometry geometry, NbdConnection connection) {
        this.name = name;
        this.geometry = geometry;
        this.connection = connection;
    }

    static NbdStore connect(NbdAddress address, StoreOptions options) {
        return connect(address, options, NbdPatience.standard());
    }

    static NbdStore connect(NbdAddress address, StoreOptions options, NbdPatience patience) {
        NbdDialer dialer = new NbdDialer(address, options);
        StreamSocket socket = dialer.dial(wire -> {});
        return new NbdStore(address.name(), dialer.geometry(), new NbdConnection(dialer, socket, patience, DEPTH));
    }

    @Override
    public StoreGeometry geometry() {
        return geometry;
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int submit(StoreRequest request) {
        switch (request.operation()) {
            case READ, WRITE -> {}
            case FLUSH -> {
                if (!geometry.flush()) {
                    return -Errno.EOPNOTSUPP;
                }
            }
            case DISCARD -> {
                if (!geometry.discard()) {
                    return -Errno.EOPNOTSUPP;
                }
                if (request.length() == 0) {
                    return 0;
                }
                // A discard is advice: doing less of it is allowed.
                request.discard(request.offset(), Math.min(request.length(), LARGEST_TRIM));
            }
        }
        if (connection.refuses(request.operation())) {
            return -Errno.EIO;
        }
        return connection.offer(request) ? PENDING : -Errno.EBUSY;
    }

    @Override
    public void push() {
        connection.push();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            connection.close();
        }
    }
}
