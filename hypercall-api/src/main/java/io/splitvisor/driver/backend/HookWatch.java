// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.xenbus.XenbusDevice;
import java.time.Duration;

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
     * @param whenLate run when a hook is late for the first time
     */
    void begin(BackConnection connection, Runnable whenLate) {
        watched = connection;
        late = false;
        lookLater(connection, whenLate);
    }

    private void lookLater(BackConnection connection, Runnable whenLate) {
        long[] before = connection.turns();
        xenbus.schedule(() -> look(connection, before, whenLate), limit);
    }

    private void look(BackConnection connection, long[] before, Runnable whenLate) {
        if (connection != watched) {
            return;
        }
        boolean wasLate = late;
        late = isStuck(before, connection.turns());
        lookLater(connection, whenLate);
        if (late && !wasLate) {
            whenLate.run();
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
