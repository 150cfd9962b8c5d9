// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

import io.splitvisor.xenbus.ControlThread;

/** The domain that a back end runs in, as far as a back end sees it. Thread-safe. */
public interface BackendDomain {
    /** This domain's number; 0 in Dom0. */
    int domid();

    /** The loop that serves a front-end domain: all its devices, and its hypercalls. */
    IoLoop loop(int frontendDomid);

    /**
     * A fresh, empty set of mappings for one connection to a front-end domain.
     *
     * @throws GrantException GNTST_bad_domain if there is no such domain
     */
    GrantMappings grants(int frontendDomid);

    /**
     * Binds to a port that the front end offers ({@code EVTCHNOP_bind_interdomain}). Events wake the worker. As in Xen, one
     * event is delivered at once, because the front end may have sent some before.
     *
     * @param loop who serves the worker
     * @return the channel
     * @throws BindException if the port is not offered to this domain
     */
    EventChannel bind(int frontendDomid, int remotePort, RingWorker worker, IoLoop loop);

    /** As above; the front-end domain's loop serves the worker. */
    default EventChannel bind(int frontendDomid, int remotePort, RingWorker worker) {
        return bind(frontendDomid, remotePort, worker, loop(frontendDomid));
    }

    /**
     * A thread for one device's decisions.
     *
     * @param name for thread dumps
     */
    default ControlThread control(String name) {
        return ControlThread.start(name);
    }

    /** {@link #bind} failed. */
    final class BindException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int errno;

        /**
         * @param domid the front-end domain
         * @param port its port, as it gave it
         * @param errno the negative Xen errno
         */
        public BindException(int domid, int port, int errno) {
            super("event channel " + Integer.toUnsignedString(port) + " of domain " + domid + " cannot be bound: "
                    + errno);
            this.errno = errno;
        }

        /** The negative Xen errno. */
        public int errno() {
            return errno;
        }
    }
}
