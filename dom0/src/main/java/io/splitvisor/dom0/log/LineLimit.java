// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.log;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Lets so many lines of a domain through in a while, and counts the others: a guest can neither fill the log nor push out what
 * others did (row H13). Thread-safe.
 */
public final class LineLimit {
    /** Lines of one domain in a {@link #PERIOD_NANOS}. */
    public static final int LINES_PER_PERIOD = 20;

    /** From the first line on. */
    public static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final class Allowance {
        private long periodStart;
        private int used;
        private long dropped;
    }

    private final LongSupplier clock;
    private final Map<Integer, Allowance> allowances = new HashMap<>();

    /** By the host's clock. */
    public LineLimit() {
        this(System::nanoTime);
    }

    LineLimit(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Whether a domain may write a line now.
     *
     * @param dropped hears how many it could not write before, if there are any, and it may again
     */
    public boolean allows(int domid, LongConsumer dropped) {
        long missing;
        synchronized (this) {
            long now = clock.getAsLong();
            Allowance allowance = allowances.get(domid);
            if (allowance == null) {
                allowance = new Allowance();
                allowance.periodStart = now;
                allowances.put(domid, allowance);
            }
            missing = 0;
            if (now - allowance.periodStart > PERIOD_NANOS) {
                missing = allowance.dropped;
                allowance.periodStart = now;
                allowance.used = 0;
                allowance.dropped = 0;
            }
            if (allowance.used++ >= LINES_PER_PERIOD) {
                allowance.dropped++;
                return false;
            }
        }
        if (missing > 0) {
            dropped.accept(missing);
        }
        return true;
    }

    /** A domain's number is free: forget its allowance. */
    public synchronized void forget(int domid) {
        allowances.remove(domid);
    }
}
