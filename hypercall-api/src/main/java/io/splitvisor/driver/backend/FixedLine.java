// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.driver.ByteProtocol;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A device that exchanges bytes, and whose page and port a domain finds in its start_info instead of agreeing on them in
 * xenstore: a domain's first console. It is served as all others are, from {@link #open} to {@link #close}.
 */
public final class FixedLine {
    private final BackendDomain backend;
    private final Place place;
    private final IoLoop loop;
    private final ByteDevice device;
    private final ByteProtocol protocol;
    private final Consumer<String> reports;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // The loop's own.
    private GrantMappings mappings;
    private BackBytes bytes;
    private EventChannel channel;
    private boolean over;

    /**
     * Where it is.
     *
     * @param domid the front end's domain
     * @param ref the grant of the page
     * @param port the event channel that the domain has been given
     */
    public record Place(int domid, int ref, int port) {}

    private FixedLine(
            BackendDomain backend, Place place, ByteDevice device, ByteProtocol protocol, Consumer<String> reports) {
        this.backend = backend;
        this.place = place;
        this.loop = backend.loop(place.domid);
        this.device = device;
        this.protocol = protocol;
        this.reports = reports;
    }

    /**
     * Serves a device, soon, in its domain's loop.
     *
     * @param reports lines about what the domain did; called in the loop
     */
    public static FixedLine open(
            BackendDomain backend, Place place, ByteDevice device, ByteProtocol protocol, Consumer<String> reports) {
        FixedLine line = new FixedLine(backend, place, device, protocol, reports);
        line.loop.execute(line::connect);
        return line;
    }

    private void connect() {
        if (over) {
            return;
        }
        boolean connected = false;
        try {
            mappings = backend.grants(place.domid);
            bytes = new BackBytes(
                    new BackBytes.Setting(loop, place.domid, device, protocol, new Reports()),
                    mappings.mapRing(place.ref).segment());
            channel = backend.bind(place.domid, place.port, bytes, loop);
            bytes.notifyThrough(channel);
            bytes.wake();
            connected = true;
        } catch (RuntimeException e) {
            reports.accept("cannot be connected: " + e.getMessage());
        } finally {
            if (!connected) {
                release();
            }
        }
    }

    /**
     * Hands over what the domain wrote last, then serves it no more. Any thread; idempotent.
     *
     * @return done when nothing of the domain is used any more
     */
    public CompletableFuture<Void> close() {
        loop.execute(() -> {
            if (!over && bytes != null) {
                bytes.stop(() -> {});
            }
            release();
            closed.complete(null);
        });
        return closed;
    }

    private void release() {
        over = true;
        if (channel != null) {
            channel.close();
            channel = null;
        }
        if (bytes != null) {
            bytes.close();
            loop.forget(bytes);
            bytes = null;
        }
        if (mappings != null) {
            mappings.close();
            mappings = null;
        }
    }

    /** There is no device whose error could be written down: what goes wrong is reported, and the line is dead. */
    private final class Reports implements BackBytes.Listener {
        @Override
        public void report(String line) {
            reports.accept(line);
        }

        @Override
        public void failed(RuntimeException cause) {
            reports.accept("cannot be served any more: " + cause);
        }
    }
}
