// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The steps that are possible now, in the order in which they became so. Any thread. */
final class Turns {
    private final Map<Object, Turn> ready = new LinkedHashMap<>();
    private final VirtualTime time;

    /**
     * A step.
     *
     * @param life whose it is
     * @param label for people
     */
    record Turn(Life life, String label, Runnable action) {}

    Turns(VirtualTime time) {
        this.time = time;
    }

    /**
     * Makes a step possible, if it is not already.
     *
     * @param key what makes it this step: an equal one is the same
     */
    void add(Object key, Turn turn) {
        Duration slowness = turn.life.slowness();
        if (slowness.isZero()) {
            addNow(key, turn);
        } else {
            time.after(slowness.toNanos(), () -> addNow(key, turn));
        }
    }

    private synchronized void addNow(Object key, Turn turn) {
        if (!turn.life.isOver()) {
            ready.putIfAbsent(key, turn);
        }
    }

    /** Takes one out; null if there is none. */
    synchronized Turn take(Order order) {
        if (ready.isEmpty()) {
            return null;
        }
        int chosen = order.choose(ready.size());
        Object key = ready.keySet().stream().skip(chosen).findFirst().orElseThrow();
        return ready.remove(key);
    }

    synchronized void removeIf(Predicate<Turn> condition) {
        ready.values().removeIf(condition);
    }

    synchronized boolean isEmpty() {
        return ready.isEmpty();
    }
}
