// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.frontend;

import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.event.EventChannels;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.Suspendable;
import io.splitvisor.xenstore.Xenstore;

/**
 * A guest's domain as its front ends see it.
 *
 * @param store its connection to xenstored
 */
public record GuestFrontendDomain(GuestDomain domain, Xenstore store) implements FrontendDomain {
    @Override
    public int domid() {
        return domain.domid();
    }

    @Override
    public GuestMemory memory() {
        return domain.memory();
    }

    @Override
    public GrantTable grants() {
        return domain.grants();
    }

    @Override
    public FrontendChannel offer(int backendDomid, Upcall handler) {
        EventChannels events = domain.events();
        return new Channel(events, events.allocUnboundDamped(backendDomid, handler::upcall));
    }

    @Override
    public void follow(Suspendable suspendable) {
        domain.follow(suspendable);
    }

    @Override
    public void unfollow(Suspendable suspendable) {
        domain.unfollow(suspendable);
    }

    private record Channel(EventChannels events, int port) implements FrontendChannel {
        @Override
        public void send() {
            events.send(port);
        }

        @Override
        public void close() {
            events.close(port);
        }
    }
}
