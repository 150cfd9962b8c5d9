// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.host.Poll;
import io.splitvisor.monitor.Domain;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.xenstore.Xenstore;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A domain's guest in this process: real memory, grants and event words, and an upcall thread that sleeps on its bell. */
final class GuestSide implements FrontendDomain, AutoCloseable {
    private static final int SPINS = 2000;

    private final Domain domain;
    private final Xenstore store;
    private final GuestMemory memory;
    private final GrantTable grants;
    private final MemorySegment sharedInfo;
    private final Doorbell bell;
    private final Map<Integer, Upcall> handlers = new ConcurrentHashMap<>();
    private final Thread upcalls;
    private volatile boolean stopped;

    GuestSide(BlockHost host, Domain domain) {
        this.domain = domain;
        this.store = host.xenstored().connect(domain.domid());
        DomainLayout layout = domain.memory().layout();
        MemorySegment segment = domain.memory().segment();
        this.memory = new GuestMemory(segment, layout);
        this.grants = new GrantTable(memory);
        this.sharedInfo = memory.page(layout.sharedInfo());
        long asleep = DomainLayout.bytes(layout.vcpuControl(0)) + DomainLayout.VCPU_ASLEEP;
        this.bell = new Doorbell(segment, asleep, domain.bellToGuest());
        this.upcalls = Thread.ofPlatform().daemon().name("upcalls").start(this::run);
    }

    static GuestSide create(BlockHost host, int pages) {
        return host.closing(new GuestSide(host, host.createDomain(pages)));
    }

    Domain domain() {
        return domain;
    }

    private void run() {
        int idle = 0;
        try (Poll poll = new Poll(domain.bellToGuest().fd())) {
            while (!stopped) {
                if (deliver()) {
                    idle = 0;
                } else if (++idle < SPINS) {
                    Thread.onSpinWait();
                } else {
                    bell.arm();
                    if (!VcpuInfo.isUpcallPendingAcquire(sharedInfo, SharedInfo.vcpuInfo(0, 0))) {
                        poll.await(50);
                        grants.retryDeferred();
                    }
                    bell.disarm();
                }
            }
        }
    }

    private boolean deliver() {
        long info = SharedInfo.vcpuInfo(0, 0);
        if (!VcpuInfo.isUpcallPendingAcquire(sharedInfo, info)) {
            return false;
        }
        VcpuInfo.clearUpcallPendingVolatile(sharedInfo, info);
        long words = VcpuInfo.takePendingSelVolatile(sharedInfo, info);
        for (int word = 0; word < Long.SIZE; word++) {
            if ((words >>> word & 1) != 0) {
                deliver(word);
            }
        }
        return true;
    }

    private void deliver(int word) {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            int port = word * Long.SIZE + bit;
            Upcall handler = handlers.get(port);
            if (handler != null && SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port)) {
                handler.upcall();
            }
        }
    }

    @Override
    public int domid() {
        return domain.domid();
    }

    @Override
    public Xenstore store() {
        return store;
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public GrantTable grants() {
        return grants;
    }

    @Override
    public FrontendChannel offer(int backendDomid, Upcall handler) {
        int port = domain.events().allocUnbound(backendDomid);
        handlers.put(port, handler);
        return new Channel(port);
    }

    private final class Channel implements FrontendChannel {
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
            domain.events().send(port);
        }

        @Override
        public void close() {
            handlers.remove(port);
            domain.events().close(port);
        }
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        domain.bellToGuest().signal();
        upcalls.join();
        store.close();
    }
}
