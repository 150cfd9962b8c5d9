// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.frontend;

import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.event.DampedHandler;
import io.splitvisor.domu.event.EventChannels;
import io.splitvisor.domu.event.EventHandler;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.xenbus.Control;
import io.splitvisor.xenstore.Xenstore;

/** A domain, as far as a front end sees it. Thread-safe. */
public interface FrontendDomain {
    /** This domain's number. */
    int domid();

    /** The domain's connection to xenstored; relative paths begin in the domain's own folder. */
    Xenstore store();

    /** Frames to share with a back end. */
    GuestMemory memory();

    /** Permissions to use them. */
    GrantTable grants();

    /**
     * Offers an event channel to a back end ({@code EVTCHNOP_alloc_unbound}).
     *
     * @param handler called when the back end notifies; must not block
     */
    FrontendChannel offer(int backendDomid, EventHandler handler);

    /**
     * The same with a handler that knows whether there was work: a back end that sends events without any is held up for up
     * to a second then, and costs this domain nothing.
     */
    default FrontendChannel offerDamped(int backendDomid, DampedHandler handler) {
        return offer(backendDomid, handler::upcall);
    }

    /** Where its devices make their decisions. */
    default Control control() {
        return Control.threads();
    }

    /** A guest's domain. */
    static FrontendDomain of(GuestDomain domain, Xenstore store) {
        return new GuestFrontendDomain(domain, store);
    }

    /** The local end of an event channel that was offered. */
    interface FrontendChannel extends AutoCloseable {
        /** The port, to be told to the back end. */
        int port();

        /** Notifies the back end. Any thread. */
        void send();

        @Override
        void close();
    }

    /** A {@link GuestDomain} with its store. */
    record GuestFrontendDomain(GuestDomain domain, Xenstore store) implements FrontendDomain {
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
        public FrontendChannel offer(int backendDomid, EventHandler handler) {
            EventChannels events = domain.events();
            return new GuestChannel(events, events.allocUnbound(backendDomid, handler));
        }

        @Override
        public FrontendChannel offerDamped(int backendDomid, DampedHandler handler) {
            EventChannels events = domain.events();
            return new GuestChannel(events, events.allocUnboundDamped(backendDomid, handler));
        }
    }

    /** A port of a {@link GuestDomain}. */
    record GuestChannel(EventChannels events, int port) implements FrontendChannel {
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
