// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import io.splitvisor.host.StreamSocket;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An export of an NBD server, and so anything that the server understands: qcow2 through qemu-nbd, for example. Data goes
 * between the socket and the request's memory without a copy in between.
 */
final class NbdStore implements BlockStore {
    private static final int DEPTH = 4096;
    private static final int NEGOTIATION_SECONDS = 10;

    /** A request of 256 segments. */
    private static final long LARGEST_REQUEST = 1L << 20;

    /** The protocol's length is an unsigned 32-bit number; larger discards are trimmed down to whole blocks. */
    private static final long LARGEST_TRIM = 1L << 31;

    private final NbdAddress address;
    private final StoreGeometry geometry;
    private final NbdConnection connection;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NbdStore(NbdAddress address, StoreGeometry geometry, NbdConnection connection) {
        this.address = address;
        this.geometry = geometry;
        this.connection = connection;
    }

    static NbdStore connect(NbdAddress address, StoreOptions options) {
        StreamSocket socket;
        try {
            socket = address.connect();
        } catch (HostException e) {
            throw NbdAddress.unreachable(address, e);
        }
        try {
            socket.timeout(NEGOTIATION_SECONDS);
            NbdNegotiation.Export export = NbdNegotiation.run(address, socket);
            socket.timeout(0);
            StoreGeometry geometry = geometry(address, export, options);
            return new NbdStore(address, geometry, new NbdConnection(socket, address.name(), DEPTH));
        } catch (StoreException e) {
            socket.close();
            throw e;
        }
    }

    private static StoreGeometry geometry(NbdAddress address, NbdNegotiation.Export export, StoreOptions options) {
        boolean readOnly = export.has(NbdProtocol.SEND_READ_ONLY);
        if (readOnly && !options.readOnly()) {
            throw new StoreException(
                    StoreException.Kind.DENIED, address.name(), "the export is for reading only", null);
        }
        if (export.mostPayload() < LARGEST_REQUEST) {
            throw new StoreException(
                    StoreException.Kind.INVALID, address.name(), "the server takes no requests of 1 MiB", null);
        }
        int sector = Math.max(StoreGeometry.SECTOR, export.blockSize());
        int physical = Math.max(sector, Math.min(export.preferredSize(), 4096));
        try {
            return new StoreGeometry(
                    export.bytes() / sector * (sector / StoreGeometry.SECTOR),
                    sector,
                    physical,
                    options.readOnly(),
                    export.has(NbdProtocol.SEND_FLUSH),
                    export.has(NbdProtocol.SEND_TRIM) && options.discard() && !options.readOnly());
        } catch (IllegalArgumentException e) {
            throw new StoreException(
                    StoreException.Kind.INVALID, address.name(), "cannot be a disk: " + e.getMessage(), e);
        }
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
        return address.name();
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
        if (connection.isFailed()) {
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
