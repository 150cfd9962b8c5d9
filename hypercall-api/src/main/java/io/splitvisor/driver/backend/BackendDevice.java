// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * A device that answers requests.
 *
 * <p>{@link #request}, {@link #resumed} and {@link #batchEnd} are called by the thread that {@link #threads} chose, and by no
 * other, so they need no locks among themselves; nothing else may keep that thread for long. A hook that throws ends the
 * connection with an error, and the front end is told; nothing but this device notices.
 */
public non-sealed interface BackendDevice extends ServedDevice {
    /**
     * A request object was made for the connection that is being connected; it is used for one request after the other. The
     * place to {@link Request#attach} what the driver needs for each.
     */
    default void prepare(Request request) {}

    /**
     * A request, copied out of the ring and held against the declaration. It is the driver's until it calls {@link
     * Request#complete}, here or later, on any thread.
     */
    void request(Request request);

    /** {@link Request#resume} was called for a request. */
    default void resumed(Request request) {}

    /** All requests that had arrived were handed over: the time to start what was collected. */
    default void batchEnd() {}
}
