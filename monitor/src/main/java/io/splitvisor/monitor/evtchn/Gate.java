// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps those who use something apart from its end: they pass the gate one by one without waiting, and whoever shuts it
 * waits until the last of them has left. Nobody may stay inside for longer than a bell takes to ring.
 */
final class Gate {
    private static final int SHUT = Integer.MIN_VALUE;

    /** How many are inside; {@link #SHUT} is or'ed in when nobody may enter any more. */
    private final AtomicInteger inside = new AtomicInteger();

    /** Whether the caller is in, and has to {@link #leave}. */
    boolean enter() {
        if (inside.getAndIncrement() >= 0) {
            return true;
        }
        inside.getAndDecrement();
        return false;
    }

    void leave() {
        inside.getAndDecrement();
    }

    /** From now on nobody enters; returns when nobody is inside. Idempotent. */
    void shut() {
        int seen = inside.get();
        while (seen >= 0 && !inside.compareAndSet(seen, seen | SHUT)) {
            seen = inside.get();
        }
        // Those who came too late are counted for a moment, too: they leave by themselves.
        while (inside.get() != SHUT) {
            Thread.yield();
        }
    }
}
