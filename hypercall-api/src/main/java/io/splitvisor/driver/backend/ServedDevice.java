// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * One device of one front-end domain. It lives from {@link DeviceDriver#open} to {@link #close}; front ends may connect and
 * disconnect any number of times in between, one at a time. These hooks are called one at a time, on the device's control
 * thread.
 */
public sealed interface ServedDevice extends AutoCloseable permits BackendDevice, ByteDevice {
    /** Which thread serves the rings. Asked once for each connection. */
    default Threads threads() {
        return Threads.LOOP;
    }

    /** Says what this device offers, where that is not what the protocol declares. Asked before any front end sees it. */
    default void offer(Offer offer) {}

    /** A front end connects; what it wrote is checked. It is told that it is connected after this returns. */
    default void connect(Connection connection) {}

    /**
     * The connection is over: whatever was in flight is, and none of the front end's pages is mapped.
     *
     * @param why for logs
     */
    default void disconnect(Connection connection, String why) {}

    /** The device is detached, or its driver replaced; nobody is connected. Called once. */
    @Override
    default void close() {}
}
