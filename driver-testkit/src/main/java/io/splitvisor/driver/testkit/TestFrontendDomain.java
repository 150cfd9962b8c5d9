// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.Suspendable;
import io.splitvisor.xenbus.ControlThread;
import io.splitvisor.xenstore.Xenstore;

/** A guest as one of its front ends sees it. */
public final class TestFrontendDomain implements FrontendDomain {
    private final Machine machine;
    private final TestGuest guest;
    private final Life life;
    private final Xenstore store;

    TestFrontendDomain(Machine machine, TestGuest guest, Life life) {
        this.guest = guest;
        this.life = life;
        this.machine = machine;
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
    public ControlThread control(String name) {
        return new StepControl(machine, life, name);
    }

    @Override
    public FrontendChannel offer(int backendDomid, Upcall handler) {
        int port = guest.domain().events().allocUnbound(backendDomid);
        guest.handle(port, life, handler::upcall);
        return new Channel(port);
    }

    @Override
    public void follow(Suspendable suspendable) {
        guest.followers().add(suspendable);
        life.atEnd(() -> guest.followers().remove(suspendable));
    }

    @Override
    public void unfollow(Suspendable suspendable) {
        guest.followers().remove(suspendable);
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
