// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.host.CycleCounter;
import io.splitvisor.monitor.time.TimeSource;

/**
 * This host's clocks. {@link System#nanoTime} is CLOCK_MONOTONIC on Linux, the same for all processes of the host.
 *
 * @param counter the processor's; null if there is none that a program can read
 * @param isStable whether it is one for all processors, at one rate
 */
record HostTime(CycleCounter counter, boolean isStable) implements TimeSource {
    /** Looks for a counter. */
    static HostTime find() {
        CycleCounter counter = CycleCounter.find().orElse(null);
        return new HostTime(counter, counter != null && CycleCounter.isStable());
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public boolean hasCycles() {
        return counter != null;
    }

    @Override
    public long cycles() {
        return counter.read();
    }
}
