// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * One device of one front-end domain. It lives from {@link BackendDriver#open} to {@link #close}; front ends may connect and
 * disconnect any number of times in between, one at a time.
 *
 * <p>{@link #request}, {@link #resumed} and {@link #batchEnd} are called by the thread that {@link #threads} chose, and by no
 * other, so they need no locks among themselves; nothing else may keep that thread for long. A hook that throws ends the
 * connection with an error, and the front end is told; nothing but this device notices. All other hooks are called one at a
 * time, on the device's control thread.
 */
public interface BackendDevice extends AutoCloseable {
    /** Which thread serves requests. Asked once for each connection. */
    default Threads threads() {
        return Threads.LOOP;
    }

    /** Says what this device offers, where that is not what the protocol declares. Asked before any front end sees it. */
    default void offer(Offer offer) {}

    /** A front end connects; what it wrote is checked. It is told that it is connected after this returns. */
    default void connect(Connection connection) {}

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

    /**
     * The connection is over: every request of it was completed, and none of the front end's pages is mapped.
     *
     * @param why for logs
     */
    default void disconnect(Connection connection, String why) {}

    /** The device is detached, or its driver replaced; nobody is connected. Called once. */
    @Override
    default void close() {}
}
