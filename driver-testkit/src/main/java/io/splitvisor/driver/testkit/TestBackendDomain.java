// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.grant.ForeignMappings;
import io.splitvisor.xenbus.ControlThread;
import io.splitvisor.xenstore.Xenstore;

/**
 * Dom0 as back ends see it. {@link Machine#kill(TestBackendDomain)} ends all of them: what they had mapped is unmapped, their
 * ports are closed, and nodes stay as they were. Those of a new one begin afresh.
 */
public final class TestBackendDomain implements BackendDomain {
    private static final int MOST_MAPPINGS = 1 << 15;

    private final Machine machine;
    private final Life life;
    private final MachineLoop loop;
    private final Xenstore store;

    TestBackendDomain(Machine machine, Life life) {
        this.machine = machine;
        this.life = life;
        this.loop = new MachineLoop(machine, life);
        this.store = machine.connect(0, life);
    }

    Life life() {
        return life;
    }

    /** A connection to xenstored with Dom0's rights. */
    public Xenstore store() {
        return store;
    }

    @Override
    public int domid() {
        return 0;
    }

    @Override
    public IoLoop loop(int frontendDomid) {
        return loop;
    }

    @Override
    public ControlThread control(String name) {
        return new StepControl(machine, life, name);
    }

    @Override
    public GrantMappings grants(int frontendDomid) {
        TestGuest guest = machine.guest(frontendDomid);
        if (guest == null) {
            throw new GrantException(0, GrantStatus.BAD_DOMAIN);
        }
        TestMappings mappings = new TestMappings(
                machine, guest, new ForeignMappings(guest.domain().grants(), domid(), MOST_MAPPINGS));
        life.atEnd(mappings::close);
        return mappings;
    }

    @Override
    public EventChannel bind(int frontendDomid, int remotePort, RingWorker worker, IoLoop by) {
        EventChannels channels = machine.monitor().dom0Events();
        int port = channels.bindInterdomain(frontendDomid, remotePort);
        if (port < 0) {
            throw new BindException(frontendDomid, remotePort, port);
        }
        machine.dom0Events().handle(port, life, () -> by.notified(worker));
        by.wake(worker);
        Channel channel = new Channel(channels, port);
        life.atEnd(channel::close);
        return channel;
    }

    @Override
    public String toString() {
        return life.toString();
    }

    private static final class Channel implements EventChannel {
        private final EventChannels channels;
        private final int port;
        private boolean closed;

        Channel(EventChannels channels, int port) {
            this.channels = channels;
            this.port = port;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public void send() {
            if (!closed) {
                channels.send(port);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                channels.close(port);
            }
        }
    }
}
