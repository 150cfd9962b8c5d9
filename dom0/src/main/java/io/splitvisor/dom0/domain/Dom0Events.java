// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Events for Dom0's own ports: each is a call of the handler that its owner set. */
public final class Dom0Events implements EventDelivery {
    private final AtomicReferenceArray<Runnable> handlers;

    /** @param ports how many Dom0 can have */
    public Dom0Events(int ports) {
        handlers = new AtomicReferenceArray<>(ports);
    }

    /** Sets who is called for a port. The handler runs on any thread, must be quick, and may be called for nothing. */
    void handle(int port, Runnable handler) {
        handlers.set(port, handler);
    }

    @Override
    public void raise(Port port) {
        Runnable handler = handlers.get(port.number());
        if (handler != null) {
            handler.run();
        }
    }

    @Override
    public void unmask(Port port) {
        raise(port);
    }

    @Override
    public void clear(Port port) {
        handlers.set(port.number(), null);
    }
}
