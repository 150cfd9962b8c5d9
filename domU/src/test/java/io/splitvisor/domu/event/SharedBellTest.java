// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** More vCPUs on one bell than processors, rung for at random: none sleeps through what is meant for it. */
class SharedBellTest {
    private static final int ROUNDS = 3000;
    private static final int LOST_MILLIS = 5_000;

    @ParameterizedTest
    @CsvSource({"2, 1", "3, 2", "6, 3"})
    void shouldWakeEveryVcpuThatIsRungFor(int vcpus, long seed) throws InterruptedException {
        MemorySegment memory = Arena.ofAuto().allocate((long) vcpus * DomainLayout.PAGE_SIZE, 64);
        AtomicInteger[] published = new AtomicInteger[vcpus];
        AtomicInteger[] taken = new AtomicInteger[vcpus];
        Arrays.setAll(published, _ -> new AtomicInteger());
        Arrays.setAll(taken, _ -> new AtomicInteger());
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger lost = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        try (EventFd shared = EventFd.createOneWay()) {
            SharedBell[] bells = new SharedBell[vcpus];
            Arrays.setAll(bells, i -> new SharedBell(memory, DomainLayout.bytes(i), shared, -1));
            for (int i = 0; i < vcpus; i++) {
                bells[i].siblings(bells);
                int vcpu = i;
                threads.add(
                        Thread.ofPlatform().start(() -> run(bells[vcpu], published[vcpu], taken[vcpu], over, lost)));
            }
            Random random = new Random(seed);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = random.nextInt(vcpus) + 1; i > 0; i--) {
                    int vcpu = random.nextInt(vcpus);
                    published[vcpu].incrementAndGet();
                    new Doorbell(memory, DomainLayout.bytes(vcpu), shared).ring();
                }
                if (random.nextBoolean()) {
                    // Everybody falls asleep.
                    for (int vcpu = 0; vcpu < vcpus; vcpu++) {
                        while (taken[vcpu].get() < published[vcpu].get()) {
                            Thread.onSpinWait();
                        }
                    }
                }
            }
            over.set(true);
            for (SharedBell bell : bells) {
                bell.wake();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(lost).hasValue(0);
            for (int vcpu = 0; vcpu < vcpus; vcpu++) {
                assertThat(taken[vcpu].get()).isEqualTo(published[vcpu].get());
                assertThat(memory.get(ValueLayout.JAVA_INT, DomainLayout.bytes(vcpu) + DomainLayout.VCPU_THREAD))
                        .isPositive();
                assertThat(memory.get(ValueLayout.JAVA_LONG, DomainLayout.bytes(vcpu) + DomainLayout.VCPU_SLEPT))
                        .isPositive();
                assertThat(memory.get(ValueLayout.JAVA_LONG, DomainLayout.bytes(vcpu) + DomainLayout.VCPU_ASLEEP_SINCE))
                        .isZero();
            }
        }
    }

    /** As an upcall thread does. */
    private static void run(
            SharedBell bell, AtomicInteger published, AtomicInteger taken, AtomicBoolean over, AtomicInteger lost) {
        while (true) {
            boolean last = over.get();
            taken.set(published.get());
            if (last) {
                return;
            }
            bell.arm();
            if (published.get() == taken.get() && !over.get()) {
                long start = System.nanoTime();
                bell.sleep(LOST_MILLIS);
                if (System.nanoTime() - start >= LOST_MILLIS * 1_000_000L && published.get() != taken.get()) {
                    lost.incrementAndGet();
                }
            }
            bell.disarm();
        }
    }
}
