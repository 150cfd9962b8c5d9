// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.frontend;

import io.splitvisor.xenbus.ControlThread;
import io.splitvisor.xenstore.Xenstore;

/** A domain, as far as a front end sees it. Thread-safe. */
public interface FrontendDomain {
    /** This domain's number. */
    int domid();

    /** The domain's connection to xenstored; relative paths begin in the domain's own folder. */
    Xenstore store();

    /** Frames to share with a back end. */
    FrontendMemory memory();

    /** Permissions to use them. */
    FrontendGrants grants();

    /**
     * Offers an event channel to a back end ({@code EVTCHNOP_alloc_unbound}).
     *
     * @param handler called when the back end notifies
     */
    FrontendChannel offer(int backendDomid, Upcall handler);

    /**
     * A thread for one device's decisions.
     *
     * @param name for thread dumps
     */
    default ControlThread control(String name) {
        return ControlThread.start(name);
    }

    /** From now on somebody is told when the domain is suspended, and that it runs again; in a domain that ever is. */
    default void follow(Suspendable suspendable) {}

    /** Nobody has to tell him any more. */
    default void unfollow(Suspendable suspendable) {}

    /** Told that a back end notified; any number of notifications may have become one. */
    @FunctionalInterface
    interface Upcall {
        /**
         * Looks for work. Must not block: all other events wait meanwhile.
         *
         * @return whether there was any since the last call. A back end that notifies again and again without any is held up
         *     for up to a second, and costs this domain nothing
         */
        boolean upcall();
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
}
