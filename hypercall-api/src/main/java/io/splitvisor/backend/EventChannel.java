// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

/** The local end of an interdomain event channel. */
public interface EventChannel extends AutoCloseable {
    /** The local port. */
    int port();

    /** Sets the remote port pending and wakes its domain if that sleeps ({@code EVTCHNOP_send}). Any thread. */
    void send();

    /** Closes the local port ({@code EVTCHNOP_close}); the remote end becomes unbound. Idempotent. */
    @Override
    void close();
}
