// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * How long the events of one device have to wait, when its other side sends them with no work behind them: the second in a
 * row 1 ms, and each further one twice as long, up to a second. Work ends it. As Linux's {@code xen_irq_lateeoi}, except that
 * the waiting itself does not count as work.
 *
 * <p>Belongs to the thread that takes the device's events.
 */
public final class SpuriousEvents {
    /** The longest delay. */
    public static final int MOST_MILLIS = 1000;

    /** Events in a row that may be spurious: one that crosses the work on its way is no offence. */
    private static final int THRESHOLD = 1;

    private static final int MOST_DOUBLINGS = 10;

    private int count;

    /** There was work. */
    public void work() {
        count = 0;
    }

    /** There was an event, and no work; returns for how many milliseconds the device's events have to wait now. */
    public int spurious() {
        if (count < THRESHOLD) {
            count++;
            return 0;
        }
        int doublings = count - THRESHOLD;
        count += doublings < MOST_DOUBLINGS ? 1 : 0;
        return Math.min(1 << doublings, MOST_MILLIS);
    }
}
