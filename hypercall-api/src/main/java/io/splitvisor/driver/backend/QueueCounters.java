// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import java.util.concurrent.atomic.AtomicLongArray;

/** What one queue did. Its thread counts, without locked instructions because it is the only one that does; anybody may look. */
final class QueueCounters {
    static final int REQUESTS = 0;
    static final int FAILED = 1;
    static final int BYTES = 2;
    static final int NOTIFICATIONS_SENT = 3;
    static final int NOTIFICATIONS_AVOIDED = 4;
    static final int TAKEN = 5;
    static final int WIDTH = 6;

    private final AtomicLongArray values = new AtomicLongArray(WIDTH);

    void add(int counter, long amount) {
        values.setOpaque(counter, values.getPlain(counter) + amount);
    }

    void addTo(long[] totals) {
        for (int i = 0; i < WIDTH; i++) {
            totals[i] += values.getOpaque(i);
        }
    }
}
