// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.VcpuTimeInfo;
import io.splitvisor.monitor.ManualTime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A clock over a counter whose rate changes as a host's does, read as a guest reads it. */
class SystemClockPropertyTest {
    private static final long MILLI = 1_000_000;

    private final ManualTime time = new ManualTime();
    private final MemorySegment memory = Arena.ofAuto().allocate(4096, 64);
    private final VcpuClock[] vcpus = new VcpuClock[4];

    /** What a guest does, as xen.h says. */
    private long read(int vcpu) {
        long at = 64L * vcpu;
        int version = VcpuTimeInfo.versionAcquire(memory, at);
        long delta = time.cycles() - VcpuTimeInfo.tscTimestamp(memory, at);
        int shift = VcpuTimeInfo.tscShift(memory, at);
        delta = shift < 0 ? delta >>> -shift : delta << shift;
        long mul = Integer.toUnsignedLong(VcpuTimeInfo.tscToSystemMul(memory, at));
        long result =
                VcpuTimeInfo.systemTime(memory, at) + (Math.multiplyHigh(delta, mul) << 32) + (delta * mul >>> 32);
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, at, version)).isTrue();
        return result;
    }

    private SystemClock start() {
        SystemClock clock = new SystemClock(time);
        for (int i = 0; i < vcpus.length; i++) {
            vcpus[i] = new VcpuClock(new VcpuClock.Place(memory, 64L * i));
            clock.add(vcpus[i]);
        }
        return clock;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldNeverGoBackAndStayWithinAMillisecond(long seed) {
        Random random = new Random(seed);
        double rate = 0.2 + 5 * random.nextDouble();
        time.rate(rate);
        SystemClock clock = start();
        long latest = 0;
        for (int tick = 0; tick < 400; tick++) {
            for (int look = 0; look < 10; look++) {
                time.advance(80 * MILLI + random.nextInt(15 * (int) MILLI));
                for (int i = 0; i < 3; i++) {
                    long reading = read(random.nextInt(vcpus.length));
                    assertThat(reading).isGreaterThanOrEqualTo(latest);
                    latest = reading;
                }
                assertThat(latest - time.nanos()).isBetween(-MILLI, MILLI);
            }
            // NTP slews by at most 500 parts in a million.
            time.rate(rate * (1 + (random.nextDouble() - 0.5) * 1e-3));
            clock.tick();
        }
    }

    /** A counter's rate that is a little off what was measured at first, and stays so. */
    @Test
    void shouldConvergeAndThenWriteNothing() {
        SystemClock clock = start();
        time.rate(3 * (1 + 2e-5));
        for (int tick = 0; tick < 20; tick++) {
            time.advance(1000 * MILLI);
            clock.tick();
        }
        assertThat(read(0) - time.nanos()).isBetween(-1_000L, 1_000L);
        int version = VcpuTimeInfo.versionAcquire(memory, 0);
        for (int tick = 0; tick < 100; tick++) {
            time.advance(1000 * MILLI);
            clock.tick();
            assertThat(read(0) - time.nanos()).isBetween(-1_100L, 1_100L);
        }
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, 0, version)).isTrue();
        time.rate(3 * (1 + 2.5e-5));
        time.advance(1000 * MILLI);
        clock.tick();
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, 0, version)).isFalse();
    }

    @Test
    void shouldSetTheClockForwardAtOnceAndBackSlowly() {
        SystemClock clock = start();
        time.rate(2);
        time.advance(3 * MILLI * 1000);
        long slow = read(0);
        assertThat(slow).isLessThan(time.nanos() - 100 * MILLI);
        clock.tick();
        assertThat(read(0) - time.nanos()).isBetween(-10_000L, 10_000L);

        time.rate(2.2);
        time.advance(1000 * MILLI);
        long fast = read(1);
        assertThat(fast).isGreaterThan(time.nanos() + 50 * MILLI);
        for (int i = 0; i < 5; i++) {
            clock.tick();
            assertThat(read(2)).isGreaterThanOrEqualTo(fast);
            time.advance(1000 * MILLI);
        }
        assertThat(read(3) - time.nanos()).isBetween(-MILLI, MILLI);
    }

    @Test
    void shouldStateThatItIsTheSameOnAllVcpus() {
        start();
        assertThat(VcpuTimeInfo.flags(memory, 0)).isEqualTo(VcpuTimeInfo.PVCLOCK_TSC_STABLE_BIT);
    }

    @Test
    void shouldWriteNoClockThatIsGone() {
        SystemClock clock = start();
        clock.remove(vcpus[0]);
        int version = VcpuTimeInfo.versionAcquire(memory, 0);
        time.rate(3.1);
        time.advance(1000 * MILLI);
        clock.tick();
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, 0, version)).isTrue();
        assertThat(VcpuTimeInfo.isUnchangedSince(memory, 64, version)).isFalse();
    }
}
