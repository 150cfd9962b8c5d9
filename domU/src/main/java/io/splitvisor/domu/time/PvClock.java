// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.time;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.VcpuTimeInfo;
import io.splitvisor.host.CycleCounter;
import java.lang.foreign.MemorySegment;
import java.time.Instant;

/**
 * System time, which timers are set by, and the wall clock: both without a hypercall. Any thread; no allocation for {@link
 * #nanos}.
 *
 * <p>System time is read as on any Xen guest: a {@code vcpu_time_info} and the processor's cycle counter. It is also the
 * host's CLOCK_MONOTONIC, which {@link System#nanoTime} reads: so that is what counts where there is no counter to read, or
 * where it is not the same on all processors and would have to be kept from going back. Readings of both kinds never differ
 * by more than a millisecond, and never go back among themselves. In a JVM {@code nanoTime} is the cheaper of the two: the
 * counter costs a native call, and code that reads the time in a tight loop does well to take that.
 */
public final class PvClock {
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Readers that find the clock being written so often let others run: its writer may have lost the processor. */
    private static final int SPINS = 1000;

    private final MemorySegment sharedInfo;
    private final long time;
    private final CycleCounter counter;

    private PvClock(MemorySegment sharedInfo, long time, CycleCounter counter) {
        this.sharedInfo = sharedInfo;
        this.time = time;
        this.counter = counter;
    }

    /**
     * The clock of a vCPU, whose vcpu_info is where it was at first.
     *
     * @param sharedInfo the domain's shared_info page
     */
    public static PvClock of(MemorySegment sharedInfo, int vcpu) {
        long time = VcpuInfo.time(SharedInfo.vcpuInfo(0, vcpu));
        boolean stable = (VcpuTimeInfo.flags(sharedInfo, time) & VcpuTimeInfo.PVCLOCK_TSC_STABLE_BIT) != 0;
        return new PvClock(sharedInfo, time, stable ? CycleCounter.find().orElse(null) : null);
    }

    /** Whether {@link #nanos} reads the processor's cycle counter, and not the host's clock. */
    public boolean readsCounter() {
        return counter != null;
    }

    /** System time in nanoseconds: the host's time since it booted. Never goes back, whichever thread or vCPU reads it. */
    public long nanos() {
        return counter == null ? System.nanoTime() : pvclock();
    }

    private long pvclock() {
        int spins = 0;
        while (true) {
            int version = VcpuTimeInfo.versionAcquire(sharedInfo, time);
            long from = VcpuTimeInfo.tscTimestamp(sharedInfo, time);
            long base = VcpuTimeInfo.systemTime(sharedInfo, time);
            long mul = Integer.toUnsignedLong(VcpuTimeInfo.tscToSystemMul(sharedInfo, time));
            int shift = VcpuTimeInfo.tscShift(sharedInfo, time);
            long delta = counter.read() - from;
            if (VcpuTimeInfo.isUnchangedSince(sharedInfo, time, version)) {
                long shifted = shift < 0 ? delta >>> -shift : delta << shift;
                return base + Math.unsignedMultiplyHigh(shifted, mul << Integer.SIZE);
            }
            if (++spins % SPINS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** The wall clock: the time at which the host booted, as shared_info states it, and system time. */
    public Instant wallClock() {
        while (true) {
            int version = SharedInfo.wcVersionAcquire(sharedInfo, 0);
            long seconds = SharedInfo.wcSeconds(sharedInfo, 0);
            int nanos = SharedInfo.wcNanoseconds(sharedInfo, 0);
            if (SharedInfo.isWallClockUnchangedSince(sharedInfo, 0, version)) {
                long system = nanos();
                return Instant.ofEpochSecond(
                        seconds + system / NANOS_PER_SECOND, (long) nanos + system % NANOS_PER_SECOND);
            }
            Thread.onSpinWait();
        }
    }
}
