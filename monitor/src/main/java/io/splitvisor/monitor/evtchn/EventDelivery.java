// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

/** How an event reaches a domain: through its shared memory for a guest, by a call for Dom0. Any thread. */
public interface EventDelivery {
    /** For a domain that takes no events: they go nowhere. */
    EventDelivery NONE = new EventDelivery() {
        @Override
        public void raise(Port port) {}

        @Override
        public void unmask(Port port) {}

        @Override
        public void clear(Port port) {}
    };

    /** Sets a port pending and, unless it is masked, tells the port's vCPU. */
    void raise(Port port);

    /** The guest unmasked a port: clears the mask, and tells the vCPU if the port is pending. */
    void unmask(Port port);

    /** A port was closed: whatever is pending on it means nothing any more. */
    void clear(Port port);

    /** Whether an event waits on a port, masked or not. */
    default boolean isPending(Port port) {
        return false;
    }

    /** Whether a closed port cannot be opened yet, because it still stands in a queue of events. */
    default boolean isBusy(Port port) {
        return false;
    }
}
