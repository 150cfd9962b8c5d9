// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuTimeInfo;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Keeps the clocks of all vCPUs: each {@code vcpu_time_info} states system time as a function of the processor's cycle
 * counter, and {@link #tick} corrects it once a second, if that is needed.
 *
 * <p>All vCPUs share one line at a time. To change it, all versions are made odd, so that readers wait; the new line begins
 * where the old one is at that moment, and its slope is such that the error is gone at the next tick. So every reading of
 * every vCPU is a value of one function of the counter, which never falls; the clock is wrong by what the host's rate
 * changes between two ticks: a millisecond if NTP goes from one of its extremes to the other, 500 parts in a million
 * each. A line that is right to a microsecond, and will be at the next tick, stays: ordinarily a tick looks and writes nothing.
 *
 * <p>Thread-safe: one lock, held for microseconds.
 */
public final class SystemClock {
    /** In which an error is corrected; {@link #tick} has to come about as often. */
    public static final long TICK_NANOS = 1_000_000_000;

    /** An error that is not worth making all readers wait. */
    private static final long NEGLIGIBLE_NANOS = 1_000;

    /** An error beyond which the clock is set forward, which harms nobody. */
    private static final long STEP_FORWARD_NANOS = 500_000;

    /** An error beyond which it is set back: the host was suspended, or its counter was changed. */
    private static final long STEP_BACK_NANOS = 1_000_000_000;

    /** The slowest that the clock runs, to let the host catch up. */
    private static final double SLOWEST = 0.5;

    /** A shorter time than this is not enough to measure a rate. */
    private static final long SHORTEST_NANOS = 1_000_000;

    private static final int TRIES = 8;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long WALL_CLOCK_NANOS = 5_000_000;

    /** The two clocks at one moment. */
    private record Sample(long cycles, long nanos) {}

    private final TimeSource source;
    private final int flags;
    private final Set<VcpuClock> vcpus = new LinkedHashSet<>();
    private final Set<MemorySegment> wallClocks = Collections.newSetFromMap(new IdentityHashMap<>());
    private long wallClock;
    private Sample last;
    private TimeLine line;

    /** The rate as measured last, and the one that the line has; nanoseconds a cycle. */
    private double slope;

    private double lineSlope;

    /** Cycles between two looks at the counter with one at the clock between them, at best; 0 before the first. */
    private long closest;

    /** The clocks over a host's. */
    public SystemClock(TimeSource source) {
        this.source = source;
        this.flags = source.hasCycles() && source.isStable() ? VcpuTimeInfo.PVCLOCK_TSC_STABLE_BIT : 0;
        this.last = source.hasCycles() ? sample() : null;
    }

    /** System time. No lock. */
    public long now() {
        return source.nanos();
    }

    /** A vCPU comes: its clock is right from now on. */
    public synchronized void add(VcpuClock vcpu) {
        if (line == null) {
            calibrate();
        }
        vcpus.add(vcpu);
        rewrite(vcpu);
    }

    /** A vCPU goes: nobody writes its clock any more. */
    public synchronized void remove(VcpuClock vcpu) {
        vcpus.remove(vcpu);
    }

    /**
     * The guest moves a vcpu_info.
     *
     * @param place where its clock is afterwards
     * @param move moves the rest of it, while nobody writes the clock
     */
    public synchronized void move(VcpuClock vcpu, VcpuClock.Place place, Runnable move) {
        move.run();
        vcpu.move(place);
        rewrite(vcpu);
    }

    /** The guest wants a copy of a vCPU's clock in this place, and no longer in one that it named before. */
    public synchronized void second(VcpuClock vcpu, VcpuClock.Place place) {
        vcpu.second(place);
        rewrite(vcpu);
    }

    /**
     * A domain comes: the wall clock in its shared_info is right from now on.
     *
     * @param sharedInfo the page
     */
    public synchronized void addWallClock(MemorySegment sharedInfo) {
        if (wallClocks.isEmpty()) {
            wallClock = source.wallClockOffset();
        }
        wallClocks.add(sharedInfo);
        writeWallClock(sharedInfo);
    }

    /** A domain goes; idempotent. */
    public synchronized void removeWallClock(MemorySegment sharedInfo) {
        wallClocks.remove(sharedInfo);
    }

    private void writeWallClock(MemorySegment sharedInfo) {
        SharedInfo.wallClockRelease(sharedInfo, 0, Math.floorDiv(wallClock, NANOS_PER_SECOND), (int)
                Math.floorMod(wallClock, NANOS_PER_SECOND));
    }

    /** Somebody may have set the host's clock. Less than this is how well the two clocks can be read together. */
    private void followWallClock() {
        long now = wallClocks.isEmpty() ? wallClock : source.wallClockOffset();
        if (Math.abs(now - wallClock) > WALL_CLOCK_NANOS) {
            wallClock = now;
            wallClocks.forEach(this::writeWallClock);
        }
    }

    private void rewrite(VcpuClock vcpu) {
        vcpu.begin();
        vcpu.end(line, flags);
    }

    /** Corrects all clocks. */
    public synchronized void tick() {
        followWallClock();
        if (line == null) {
            return;
        }
        Sample now = last;
        if (now != null) {
            now = sample();
            if (now.nanos - last.nanos >= SHORTEST_NANOS) {
                slope = slope(last, now);
                last = now;
            }
            if (isRight(now)) {
                return;
            }
        }
        vcpus.forEach(VcpuClock::begin);
        line = now == null ? TimeLine.standing(source.nanos()) : next(now);
        for (VcpuClock vcpu : vcpus) {
            vcpu.end(line, flags);
        }
    }

    /** Whether the line's error is negligible now, and at the next tick. */
    private boolean isRight(Sample now) {
        if (now.cycles - line.cycles() < 0) {
            return false;
        }
        long error = now.nanos - line.at(now.cycles);
        double later = error + (1 - lineSlope / slope) * TICK_NANOS;
        return Math.abs(error) <= NEGLIGIBLE_NANOS && Math.abs(later) <= NEGLIGIBLE_NANOS;
    }

    /** The line from now on: readers of the old one have read the counter before. */
    private TimeLine next(Sample now) {
        long cycles = source.cycles();
        long right = now.nanos + Math.round((cycles - now.cycles) * slope);
        // A counter that went back, on a host where it is not stable, stands still for guests.
        long stated = cycles - line.cycles() < 0 ? line.systemTime() : line.at(cycles);
        long error = right - stated;
        if (error > STEP_FORWARD_NANOS || error < -STEP_BACK_NANOS) {
            return line(cycles, right, slope);
        }
        double factor = Math.max(SLOWEST, 1 + (double) error / TICK_NANOS);
        return line(cycles, stated, slope * factor);
    }

    private void calibrate() {
        if (last == null) {
            line = TimeLine.standing(source.nanos());
            return;
        }
        Sample now = sample();
        while (now.nanos - last.nanos < SHORTEST_NANOS) {
            Thread.onSpinWait();
            now = sample();
        }
        slope = slope(last, now);
        last = now;
        line = line(now.cycles, now.nanos, slope);
    }

    private TimeLine line(long cycles, long systemTime, double rate) {
        lineSlope = rate;
        return TimeLine.from(cycles, systemTime, rate);
    }

    private static double slope(Sample from, Sample to) {
        return (double) (to.nanos - from.nanos) / (to.cycles - from.cycles);
    }

    /** The two clocks, read as close to one another as they have ever been, or as a few tries allow. */
    private Sample sample() {
        Sample best = null;
        long narrowest = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && narrowest > 2 * closest; i++) {
            long before = source.cycles();
            long nanos = source.nanos();
            long width = source.cycles() - before;
            if (width >= 0 && width < narrowest) {
                narrowest = width;
                best = new Sample(before + width / 2, nanos);
            }
        }
        closest = closest == 0 ? narrowest : Math.min(closest, narrowest);
        return best == null ? new Sample(source.cycles(), source.nanos()) : best;
    }
}
