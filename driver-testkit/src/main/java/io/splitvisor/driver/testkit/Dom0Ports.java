// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.testkit.Turns.Turn;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import java.util.Map;
import java.util.TreeMap;

/** How events reach Dom0: each is a step that calls the handler of its port. */
final class Dom0Ports implements EventDelivery {
    private final Machine machine;
    private final Map<Integer, Handler> handlers = new TreeMap<>();

    private record Handler(Life life, Runnable action) {}

    Dom0Ports(Machine machine) {
        this.machine = machine;
    }

    synchronized void handle(int port, Life life, Runnable action) {
        handlers.put(port, new Handler(life, action));
    }

    @Override
    public synchronized void raise(Port port) {
        Handler handler = handlers.get(port.number());
        if (handler != null) {
            turn(port.number(), handler);
        }
    }

    synchronized void poke() {
        handlers.forEach((port, handler) -> turn(port, handler));
    }

    private void turn(int port, Handler handler) {
        if (!handler.life.isOver()) {
            String label = handler.life + ": event on port " + port;
            machine.notification(End.BACK, handler, new Turn(handler.life, label, handler.action));
        }
    }

    @Override
    public void unmask(Port port) {
        raise(port);
    }

    @Override
    public synchronized void clear(Port port) {
        handlers.remove(port.number());
    }
}
