// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** Who calls the handlers of a connection's watches. Without one, a thread of the connection does. */
@FunctionalInterface
public interface WatchDelivery {
    /**
     * An event waits for a watch that has a handler. Not the place to call the connection: it is in the middle of something.
     *
     * @param call hands one event to the handler, or none if there is none any more; to be run later, and once
     */
    void due(Watch watch, Runnable call);
}
