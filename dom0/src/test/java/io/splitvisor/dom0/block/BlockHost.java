// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.dom0.domain.Dom0BackendDomain;
import io.splitvisor.dom0.domain.Dom0Events;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.dom0.xenstored.DomainRings;
import io.splitvisor.dom0.xenstored.RingPage;
import io.splitvisor.dom0.xenstored.Xenstored;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Xenstore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A Dom0 with nothing but a block back end, in this process: the real monitor, xenstored and I/O loop. Guests are domains
 * without a process.
 */
final class BlockHost implements AutoCloseable {
    static final int XVDA = 51712;

    private static final int PORTS = 4096;

    private final PollingLoop loop = new PollingLoop("test loop");
    private final Dom0Events dom0Events = new Dom0Events(PORTS);
    private final Monitor monitor =
            new Monitor(dom0Events, new Listener(), new SystemClock(System::nanoTime), (_, due) -> loop.newAlarm(due));
    private final Dom0BackendDomain domain = new Dom0BackendDomain(monitor, dom0Events, List.of(loop));
    private final Xenstored xenstored = Xenstored.start(new Rings());
    private final Xenstore store = xenstored.connect();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final BlockBackend backend =
            new BlockBackend(domain, store, new BackendDevices(domain, store, (domid, line) -> events.add(line)));
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

    /** Dom0, as its back ends see it. */
    BackendDomain domain() {
        return domain;
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
