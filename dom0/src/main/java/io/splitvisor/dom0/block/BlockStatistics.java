// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.dom0.block.QueueStatistics.Counter;
import io.splitvisor.driver.backend.DeviceCounters;
import java.util.Arrays;

/** What a virtual disk did since its front end connected, over all its rings: a snapshot. */
public final class BlockStatistics {
    private final long[] values;
    private final DeviceCounters device;

    BlockStatistics(long[] values, DeviceCounters device) {
        this.values = values;
        this.device = device;
    }

    private long value(Counter counter) {
        return values[counter.ordinal()];
    }

    /** Requests that read ({@code VBD_RD} of xentop). */
    public long reads() {
        return value(Counter.READS);
    }

    /** Requests that wrote. */
    public long writes() {
        return value(Counter.WRITES);
    }

    /** Flushes and barriers. */
    public long flushes() {
        return value(Counter.FLUSHES);
    }

    /** Discards. */
    public long discards() {
        return value(Counter.DISCARDS);
    }

    /** Requests answered with another status than OKAY; they count nowhere else. */
    public long errors() {
        return value(Counter.ERRORS);
    }

    /** All requests answered. */
    public long requests() {
        return reads() + writes() + flushes() + discards() + errors();
    }

    /** 512-byte sectors read. */
    public long readSectors() {
        return value(Counter.READ_SECTORS);
    }

    /** 512-byte sectors written. */
    public long writeSectors() {
        return value(Counter.WRITE_SECTORS);
    }

    /** Events sent to the front end. */
    public long notificationsSent() {
        return device.notificationsSent();
    }

    /** Publications of responses for which the front end wanted no event. */
    public long notificationsAvoided() {
        return device.notificationsAvoided();
    }

    /** Sum of the time from taking a request to its response, in nanoseconds. */
    public long latencyNanos() {
        return value(Counter.LATENCY_NANOS);
    }

    /** How many requests took from 2^i up to 2^(i+1) nanoseconds in the back end, for i from 0 to 63. */
    public long[] latencyHistogram() {
        int width = QueueStatistics.width();
        return Arrays.copyOfRange(values, width - Long.SIZE, width);
    }
}
