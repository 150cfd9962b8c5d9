// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.domu.event.EventHandler;
import io.splitvisor.domu.frontend.FrontendDomain;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.xenbus.Control;
import io.splitvisor.xenstore.Xenstore;

/** A guest as one of its front ends sees it. */
public final class TestFrontendDomain implements FrontendDomain {
    private final TestGuest guest;
    private final Life life;
    private final MachineControl control;
    private final Xenstore store;

    TestFrontendDomain(Machine machine, TestGuest guest, Life life) {
        this.guest = guest;
        this.life = life;
        this.control = new MachineControl(machine, life);
        this.store = machine.connect(guest.domid(), life);
    }

    Life life() {
        return life;
    }

    /** The whole guest. */
    public TestGuest guest() {
        return guest;
    }

    @Override
    public int domid() {
        return guest.domid();
    }

    @Override
    public Xenstore store() {
        return store;
    }

    @Override
    public GuestMemory memory() {
        return guest.memory();
    }

    @Override
    public GrantTable grants() {
        return guest.grants();
    }

    @Override
    public Control control() {
        return control;
    }

    @Override
    public FrontendChannel offer(int backendDomid, EventHandler handler) {
        int port = guest.domain().events().allocUnbound(backendDomid);
        guest.handle(port, life, handler::upcall);
        return new Channel(port);
    }

    @Override
    public String toString() {
        return life.toString();
    }

    private final class Channel implements FrontendChannel {
        private final int port;
        private boolean closed;

        Channel(int port) {
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            if (!closed && !guest.isDead()) {
                guest.domain().events().send(port);
            }
        }

        @Override
        public void close() {
            if (!closed && !guest.isDead()) {
                closed = true;
                guest.forgetHandler(port);
                guest.domain().events().close(port);
            }
        }
    }
}
