// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import io.splitvisor.abi.VcpuTimeInfo;
import java.lang.foreign.MemorySegment;

/**
 * Where a vCPU finds its clock: in its vcpu_info, and in a second place if the guest registered one. Confined to {@link
 * SystemClock}, with its lock.
 */
public final class VcpuClock {
    private Place first;
    private Place second;

    /**
     * A {@link VcpuTimeInfo} in guest memory, at an address that is a multiple of 8.
     *
     * @param memory the memory
     * @param at the offset in it
     */
    public record Place(MemorySegment memory, long at) {}

    /** A clock in a vcpu_info. */
    public VcpuClock(Place first) {
        this.first = first;
    }

    void move(Place place) {
        first = place;
    }

    void second(Place place) {
        second = place;
    }

    /** From now on readers wait. */
    void begin() {
        VcpuTimeInfo.beginUpdateRelease(first.memory, first.at);
        if (second != null) {
            VcpuTimeInfo.beginUpdateRelease(second.memory, second.at);
        }
    }

    /** Readers find the new line. */
    void end(TimeLine line, int flags) {
        write(first, line, flags);
        if (second != null) {
            write(second, line, flags);
        }
    }

    private static void write(Place place, TimeLine line, int flags) {
        MemorySegment memory = place.memory;
        long at = place.at;
        VcpuTimeInfo.tscTimestamp(memory, at, line.cycles());
        VcpuTimeInfo.systemTime(memory, at, line.systemTime());
        VcpuTimeInfo.tscToSystemMul(memory, at, line.mul());
        VcpuTimeInfo.tscShift(memory, at, line.shift());
        VcpuTimeInfo.flags(memory, at, flags);
        VcpuTimeInfo.endUpdateRelease(memory, at);
    }
}
