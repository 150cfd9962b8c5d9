// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.domu.time.PvClock;
import io.splitvisor.host.CycleCounter;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.monitor.time.TimeSource;
import io.splitvisor.monitor.time.VcpuClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The clock of this very processor, read by many threads through many vCPUs, while it is corrected all the time. */
class HostClockPropertyTest {
    private static final int VCPUS = 4;
    private static final long NANOS = 3_000_000_000L;

    private record Host(CycleCounter counter) implements TimeSource {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public boolean hasCycles() {
            return true;
        }

        @Override
        public long cycles() {
            return counter.read();
        }

        @Override
        public boolean isStable() {
            return true;
        }
    }

    @Test
    void shouldNeverGoBackAcrossVcpusAndStayWithinAMillisecondOfTheHost() throws InterruptedException {
        assumeTrue(CycleCounter.find().isPresent() && CycleCounter.isStable(), "needs a stable time stamp counter");
        MemorySegment sharedInfo = Arena.ofAuto().allocate(4096, 4096);
        SystemClock clock = new SystemClock(new Host(CycleCounter.find().orElseThrow()));
        List<PvClock> readers = new ArrayList<>();
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            long at = VcpuInfo.time(SharedInfo.vcpuInfo(0, vcpu));
            clock.add(new VcpuClock(new VcpuClock.Place(sharedInfo, at)));
            readers.add(PvClock.of(sharedInfo, vcpu));
        }
        assertThat(readers.getFirst().readsCounter()).isTrue();
        AtomicLong latest = new AtomicLong();
        AtomicLong back = new AtomicLong();
        AtomicLong worst = new AtomicLong();
        long end = System.nanoTime() + NANOS;
        List<Thread> threads = new ArrayList<>();
        for (PvClock reader : readers) {
            threads.add(Thread.ofPlatform().start(() -> read(reader, end, latest, back, worst)));
        }
        while (System.nanoTime() < end) {
            clock.tick();
            LockSupport.parkNanos(2_000_000);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(back).hasValue(0);
        assertThat(worst.get()).as("nanoseconds wrong").isLessThan(1_000_000);
    }

    private static void read(PvClock clock, long end, AtomicLong latest, AtomicLong back, AtomicLong worst) {
        long now = 0;
        while (now < end) {
            long seen = latest.get();
            long before = System.nanoTime();
            long reading = clock.nanos();
            now = System.nanoTime();
            if (reading < seen) {
                back.incrementAndGet();
            }
            latest.accumulateAndGet(reading, Math::max);
            worst.accumulateAndGet(Math.max(before - reading, reading - now), Math::max);
        }
    }
}
