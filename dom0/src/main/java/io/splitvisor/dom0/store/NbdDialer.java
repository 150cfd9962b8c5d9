// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.HostException;
import io.splitvisor.host.StreamSocket;

/** Makes connections to one export, ready for transmission, and sees to it that it is the same disk every time. */
final class NbdDialer {
    private static final int NEGOTIATION_SECONDS = 10;

    /** A request of 256 segments. */
    private static final long LARGEST_REQUEST = 1L << 20;

    private final NbdAddress address;
    private final StoreOptions options;
    private StoreGeometry geometry;

    // Guarded by this.
    private StreamSocket negotiating;
    private boolean stopped;

    NbdDialer(NbdAddress address, StoreOptions options) {
        this.address = address;
        this.options = options;
    }

    String name() {
        return address.name();
    }

    /** What the export looks like, once it was reached. */
    StoreGeometry geometry() {
        return geometry;
    }

    /** What has to be done on a new connection before it is used. */
    @FunctionalInterface
    interface Preparation {
        /** @throws HostException if the connection breaks */
        void run(NbdWire wire);
    }

    /**
     * Connects and negotiates.
     *
     * @throws StoreException if that cannot be done, or if the export is another one than the first time
     */
    StreamSocket dial(Preparation preparation) {
        StreamSocket socket;
        try {
            socket = address.connect();
        } catch (HostException e) {
            throw NbdAddress.unreachable(address, e);
        }
        boolean ready = false;
        try (NbdWire wire = new NbdWire(socket)) {
            begin(socket);
            socket.timeout(NEGOTIATION_SECONDS);
            StoreGeometry found = geometry(NbdNegotiation.run(address, wire));
            if (geometry != null && !found.equals(geometry)) {
                throw new StoreException(
                        StoreException.Kind.INVALID,
                        address.name(),
                        "the export has become another one: " + found + " instead of " + geometry,
                        null);
            }
            geometry = found;
            preparation.run(wire);
            socket.timeout(0);
            ready = true;
            return socket;
        } catch (HostException e) {
            throw NbdAddress.unreachable(address, e);
        } finally {
            end(socket, ready);
        }
    }

    private synchronized void begin(StreamSocket socket) {
        negotiating = socket;
        if (stopped) {
            socket.shutdown();
        }
    }

    private synchronized void end(StreamSocket socket, boolean ready) {
        negotiating = null;
        if (!ready) {
            socket.close();
        }
    }

    /** Breaks off what {@link #dial} is doing, now and in future. Any thread. */
    synchronized void stop() {
        stopped = true;
        if (negotiating != null) {
            negotiating.shutdown();
        }
    }

    private StoreGeometry geometry(NbdNegotiation.Export export) {
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
}
