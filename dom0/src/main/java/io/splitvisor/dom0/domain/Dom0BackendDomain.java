// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.grant.ForeignMappings;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Dom0 as its back ends see it. */
public final class Dom0BackendDomain implements BackendDomain {
    /** Pages one connection may map: eight queues of persistent grants, and rings. */
    private static final int MAPPINGS_PER_CONNECTION = 1 << 15;

    private final Monitor monitor;
    private final Dom0Events events;
    private final List<PollingLoop> loops;

    /**
     * @param events where Dom0's events come out of the monitor
     * @param loops domains are dealt out to them by number
     */
    public Dom0BackendDomain(Monitor monitor, Dom0Events events, List<PollingLoop> loops) {
        this.monitor = monitor;
        this.events = events;
        this.loops = List.copyOf(loops);
    }

    @Override
    public int domid() {
        return 0;
    }

    @Override
    public PollingLoop loop(int frontendDomid) {
        return loops.get(frontendDomid % loops.size());
    }

    @Override
    public GrantMappings grants(int frontendDomid) {
        Domain domain = monitor.find(frontendDomid);
        if (domain == null) {
            throw new GrantException(0, GrantStatus.BAD_DOMAIN);
        }
        return new ForeignMappings(domain.grants(), domid(), MAPPINGS_PER_CONNECTION);
    }

    @Override
    public EventChannel bind(int frontendDomid, int remotePort, RingWorker worker, IoLoop loop) {
        return bind(frontendDomid, remotePort, () -> loop.notified(worker));
    }

    /** Binds with a handler of any kind; it runs on the sender's thread and must be quick. */
    EventChannel bind(int frontendDomid, int remotePort, Runnable handler) {
        EventChannels channels = monitor.dom0Events();
        int port = channels.bindInterdomain(frontendDomid, remotePort);
        if (port < 0) {
            throw new BindException(frontendDomid, remotePort, port);
        }
        events.handle(port, handler);
        // Binding raised the port before there was a handler.
        handler.run();
        return new Channel(channels, port);
    }

    private static final class Channel implements EventChannel {
        private final EventChannels channels;
        private final int port;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Channel(EventChannels channels, int port) {
            this.channels = channels;
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            channels.send(port);
        }

        /** Once only: the number may belong to somebody else afterwards. */
        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                channels.close(port);
            }
        }
    }
}
