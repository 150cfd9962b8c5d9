// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

/** How an event reaches a domain: through its shared_info for a guest, by a call for Dom0. Any thread. */
public interface EventDelivery {
    /** Sets a port pending and, unless it is masked, tells the domain. */
    void raise(int port);

    /** The guest unmasked a port: clears the mask, and tells the domain if the port is pending. */
    void unmask(int port);

    /** A port was closed: whatever is pending on it means nothing any more. */
    void clear(int port);

    /** Whether an event waits on a port, masked or not. */
    default boolean isPending(int port) {
        return false;
    }
}
