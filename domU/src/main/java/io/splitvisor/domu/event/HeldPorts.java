// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import java.util.ArrayList;
import java.util.List;

/** Ports of one vCPU that are masked for a while, because their events had no work behind them. Its upcall thread's. */
final class HeldPorts {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private record Held(int port, Binding binding, long until) {}

    private final List<Held> held = new ArrayList<>();

    void add(int port, Binding binding, int millis) {
        held.add(new Held(port, binding, System.nanoTime() + millis * NANOS_PER_MILLI));
    }

    /** Unmasks those whose time is over, unless they have another handler by now. */
    void release(EventChannels events) {
        if (held.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        for (int i = held.size() - 1; i >= 0; i--) {
            Held each = held.get(i);
            if (now - each.until >= 0) {
                held.remove(i);
                events.release(each.port, each.binding);
            }
        }
    }

    /** Milliseconds until the next is due, rounded up; -1 for none. */
    int millis() {
        if (held.isEmpty()) {
            return -1;
        }
        long now = System.nanoTime();
        long next = Long.MAX_VALUE;
        for (Held each : held) {
            next = Math.min(next, each.until - now);
        }
        return (int) Math.max(0, (next + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }
}
