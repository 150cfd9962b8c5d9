// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import java.util.concurrent.ConcurrentHashMap;

/** Counts the events that reach Dom0. */
public final class RecordingDelivery implements EventDelivery {
    private final ConcurrentHashMap<Integer, Integer> raised = new ConcurrentHashMap<>();

    @Override
    public void raise(Port port) {
        raised.merge(port.number(), 1, Integer::sum);
    }

    @Override
    public void unmask(Port port) {
        raise(port);
    }

    @Override
    public void clear(Port port) {
        raised.remove(port.number());
    }

    /** Events on a port since it was opened. */
    public int raised(int port) {
        return raised.getOrDefault(port, 0);
    }
}
