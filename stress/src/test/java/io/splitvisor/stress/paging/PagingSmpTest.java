// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.PageFault;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import io.splitvisor.domu.paging.ShootdownBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Processors on threads of their own, in one address space: what one has taken away, no other uses any more. */
class PagingSmpTest {
    private static final long BASE = 0x10_0000_0000L;
    private static final int PAGE = 4096;
    private static final int PAGES = 8;
    private static final int VCPUS = 3;
    private static final int ROUNDS = 300;
    private static final int ADDS = 3000;

    private interface Task {
        void run(Processor cpu);
    }

    static Stream<Arguments> modesAndWays() {
        return Arrays.stream(PagingMode.values())
                .flatMap(mode -> Arrays.stream(ShootdownBy.values()).map(way -> Arguments.of(mode, way)));
    }

    private static PagedGuest guest(PagingMode mode, ShootdownBy way) {
        return new PagedGuest(mode, VCPUS, 1, PagedGuest.options(4096).with(way), false).served();
    }

    /** How often others were told; they are told in the way that was asked for only. */
    private static long told(PagedGuest guest, ShootdownBy way) {
        boolean called = way == ShootdownBy.HYPERCALL;
        assertThat(called ? guest.spaces.interrupts() : guest.spaces.flushCalls())
                .isZero();
        return called ? guest.spaces.flushCalls() : guest.spaces.interrupts();
    }

    /** Runs a task on each processor but the first, and another on the first, until that ends. */
    private static void together(PagedGuest guest, AddressSpace space, Task others, Task first) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            Processor cpu = guest.spaces.processor(vcpu);
            Task task = vcpu == 0 ? first : others;
            threads.add(Thread.ofPlatform().unstarted(() -> {
                try {
                    cpu.enter(space);
                    task.run(cpu);
                } catch (Throwable t) {
                    failure.compareAndSet(null, t);
                } finally {
                    cpu.leave();
                    cpu.goIdle();
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    @ParameterizedTest
    @MethodSource("modesAndWays")
    void shouldNotStoreThroughATranslationThatIsGone(PagingMode mode, ShootdownBy way) throws Exception {
        try (PagedGuest guest = guest(mode, way)) {
            Processor setUp = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(setUp);
            space.map(setUp, BASE, PAGES * PAGE, Protection.READ_WRITE);
            boolean[] over = new boolean[1];
            long[] stores = new long[1];
            together(
                    guest,
                    space,
                    cpu -> {
                        for (long i = 1; !isSet(over); i++) {
                            try {
                                cpu.putLong(BASE + i % PAGES * PAGE, i);
                            } catch (PageFault.Unhandled e) {
                                assertThat(e.fault().error())
                                        .isEqualTo(PageFault.PRESENT | PageFault.WRITE | PageFault.USER);
                            }
                        }
                    },
                    cpu -> {
                        while (cpu.getLong(BASE) == 0) {
                            Thread.yield();
                        }
                        for (int round = 0; round < ROUNDS; round++) {
                            long page = BASE + round % PAGES * PAGE;
                            space.protect(cpu, page, PAGE, Protection.READ);
                            long value = cpu.getLong(page);
                            for (int look = 0; look < 50; look++) {
                                assertThat(cpu.getLong(page))
                                        .as("nobody may write now")
                                        .isEqualTo(value);
                            }
                            stores[0] += value != 0 ? 1 : 0;
                            space.protect(cpu, page, PAGE, Protection.READ_WRITE);
                        }
                        set(over);
                    });
            assertThat(stores[0]).as("they did run").isPositive();
            assertThat(told(guest, way)).isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("modesAndWays")
    void shouldCountExactlyWhileTheAddressSpaceIsCopied(PagingMode mode, ShootdownBy way) throws Exception {
        try (PagedGuest guest = guest(mode, way)) {
            Processor setUp = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(setUp);
            space.map(setUp, BASE, PAGES * PAGE, Protection.READ_WRITE);
            int[] running = {VCPUS - 1};
            together(
                    guest,
                    space,
                    cpu -> {
                        try {
                            addToAll(cpu);
                        } finally {
                            synchronized (running) {
                                running[0]--;
                            }
                        }
                    },
                    cpu -> {
                        boolean going = true;
                        while (going) {
                            // Each copy makes all pages read-only, under the feet of those who write.
                            space.fork(cpu).destroy(cpu);
                            synchronized (running) {
                                going = running[0] > 0;
                            }
                        }
                    });
            setUp.resume();
            setUp.enter(space);
            long sum = 0;
            for (int page = 0; page < PAGES; page++) {
                sum += setUp.getLong(BASE + (long) page * PAGE);
            }
            assertThat(sum).isEqualTo((long) (VCPUS - 1) * ADDS);
            assertThat(told(guest, way)).isNotNegative();
        }
    }

    private static void addToAll(Processor cpu) {
        for (int i = 0; i < ADDS; i++) {
            long counter = BASE + (long) (i % PAGES) * PAGE;
            long seen = cpu.getLong(counter);
            while (!cpu.compareAndSet(counter, seen, seen + 1)) {
                seen = cpu.getLong(counter);
            }
        }
    }

    private static boolean isSet(boolean[] flag) {
        synchronized (flag) {
            return flag[0];
        }
    }

    private static void set(boolean[] flag) {
        synchronized (flag) {
            flag[0] = true;
        }
    }
}
