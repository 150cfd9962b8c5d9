// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.dom0.xenstored.DomainRings;
import io.splitvisor.dom0.xenstored.RingPage;
import io.splitvisor.dom0.xenstored.Xenstored;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import io.splitvisor.monitor.grant.ForeignMappings;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Xenstore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A Dom0 with nothing but a block back end, in this process: the real monitor, xenstored and I/O loop. Guests are domains
 * without a process.
 */
final class BlockHost implements AutoCloseable, BackendDomain, EventDelivery {
    static final int XVDA = 51712;

    private final ConcurrentHashMap<Integer, Runnable> handlers = new ConcurrentHashMap<>();
    private final PollingLoop loop = new PollingLoop("test loop");
    private final Monitor monitor =
            new Monitor(this, new Listener(), new SystemClock(System::nanoTime), (_, due) -> loop.newAlarm(due));
    private final Xenstored xenstored = Xenstored.start(new Rings());
    private final Xenstore store = xenstored.connect();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final BlockBackend backend =
            new BlockBackend(this, store, new BackendDevices(this, store, (domid, line) -> events.add(line)));
    private final List<AutoCloseable> toClose = new ArrayList<>();

    Monitor monitor() {
        return monitor;
    }

    Xenstore store() {
        return store;
    }

    Xenstored xenstored() {
        return xenstored;
    }

    BlockBackend backend() {
        return backend;
    }

    /** Lines for {@code dmesg}. */
    List<String> events() {
        return events;
    }

    /** A domain with this many pages of RAM. */
    Domain createDomain(int pages) {
        Domain domain = monitor.create(new DomainLayout(pages, 8, 1));
        int id = domain.domid();
        store.mkdir("/local/domain/" + id + "/device/vbd");
        store.setPermissions("/local/domain/" + id, Permissions.of(id, Permissions.Access.NONE));
        return domain;
    }

    /** Closes something before the host is closed. */
    <T extends AutoCloseable> T closing(T closeable) {
        toClose.add(closeable);
        return closeable;
    }

    @Override
    public int domid() {
        return 0;
    }

    @Override
    public PollingLoop loop(int frontendDomid) {
        return loop;
    }

    @Override
    public GrantMappings grants(int frontendDomid) {
        Domain domain = monitor.find(frontendDomid);
        if (domain == null) {
            throw new GrantException(0, GrantStatus.BAD_DOMAIN);
        }
        return new ForeignMappings(domain.grants(), 0, 1 << 15);
    }

    @Override
    public EventChannel bind(int frontendDomid, int remotePort, RingWorker worker, IoLoop on) {
        int port = monitor.dom0Events().bindInterdomain(frontendDomid, remotePort);
        if (port < 0) {
            throw new BindException(frontendDomid, remotePort, port);
        }
        handlers.put(port, () -> on.notified(worker));
        on.wake(worker);
        return new Channel(port);
    }

    private final class Channel implements EventChannel {
        private final int port;

        private Channel(int port) {
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            monitor.dom0Events().send(port);
        }

        @Override
        public void close() {
            monitor.dom0Events().close(port);
        }
    }

    @Override
    public void raise(Port port) {
        Runnable handler = handlers.get(port.number());
        if (handler != null) {
            handler.run();
        }
    }

    @Override
    public void unmask(Port port) {
        raise(port);
    }

    @Override
    public void clear(Port port) {
        handlers.remove(port.number());
    }

    @Override
    public void close() throws Exception {
        for (Domain domain : monitor.domains()) {
            backend.domainDied(domain.domid()).get();
        }
        for (AutoCloseable closeable : toClose.reversed()) {
            closeable.close();
        }
        store.close();
        xenstored.close();
        loop.close();
        for (Domain domain : monitor.domains()) {
            monitor.destroy(domain);
        }
    }

    private static final class Listener implements MonitorListener {
        @Override
        public void shutdown(Domain domain, int reason) {
            throw new AssertionError("nobody shuts down");
        }

        @Override
        public void crashed(Domain domain, String why) {
            throw new AssertionError(why);
        }
    }

    private final class Rings implements DomainRings {
        @Override
        public RingPage map(int domid, long gfn, int port) {
            return null;
        }

        @Override
        public boolean exists(int domid) {
            return monitor.find(domid) != null;
        }
    }
}
