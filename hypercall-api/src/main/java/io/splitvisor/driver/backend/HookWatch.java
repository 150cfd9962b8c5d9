// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.xenbus.XenbusDevice;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Looks from time to time whether a driver's hooks return. A hook that was in the driver at the last look, and has not come out
 * since, is late. On the device's control thread.
 */
final class HookWatch {
    private final XenbusDevice xenbus;
    private final Duration limit;
    private BackConnection watched;
    private volatile boolean late;

    HookWatch(XenbusDevice xenbus, Duration limit) {
        this.xenbus = xenbus;
        this.limit = limit;
    }

    /** Whether a hook has not returned for longer than it may. Any thread. */
    boolean isLate() {
        return late;
    }

    /**
     * Watches a connection's queues until {@link #end}.
     *
     * @param whenLate called when a hook is late for the first time, with the queues' turns
     */
    void begin(BackConnection connection, Consumer<long[]> whenLate) {
        watched = connection;
        late = false;
        lookLater(connection, whenLate);
    }

    private void lookLater(BackConnection connection, Consumer<long[]> whenLate) {
        long[] before = connection.turns();
        long begun = xenbus.control().nanoTime();
        xenbus.schedule(() -> look(connection, new Look(before, begun), whenLate), limit);
    }

    /** What was seen, and when. */
    private record Look(long[] turns, long time) {}

    private void look(BackConnection connection, Look last, Consumer<long[]> whenLate) {
        if (connection != watched) {
            return;
        }
        long[] now = connection.turns();
        // Where this look itself comes late, the host has stood still, and not the hook.
        boolean stoodStill = xenbus.control().nanoTime() - last.time > 2 * limit.toNanos();
        boolean wasLate = late;
        late = isStuck(last.turns, now) && (wasLate || !stoodStill);
        lookLater(connection, whenLate);
        if (late && !wasLate) {
            whenLate.accept(now);
        }
    }

    private static boolean isStuck(long[] before, long[] now) {
        for (int i = 0; i < now.length; i++) {
            if ((now[i] & 1) != 0 && now[i] == before[i]) {
                return true;
            }
        }
        return false;
    }

    /** The connection is over. */
    void end() {
        watched = null;
        late = false;
    }
}
