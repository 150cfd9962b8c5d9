// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.backend.RingWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is woken is served, and left alone when there is nothing to do. */
class PollingLoopTest extends PollingLoopFixture {
    @Test
    void shouldServeAWorkerThatIsWoken() {
        CountingWorker worker = new CountingWorker();
        worker.pending.set(100);
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.done.get() == 100);
    }

    @Test
    void shouldArmAWorkerBeforeItLeavesItAlone() {
        CountingWorker worker = new CountingWorker();
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.armed.get() == 1);
        long served = worker.served.get();
        inLoop(() -> {});
        inLoop(() -> {});
        assertThat(worker.served.get()).isEqualTo(served);
        assertThat(worker.armed).hasValue(1);
    }

    @Test
    void shouldNotForgetAWorkerThatHasWorkWhenItIsArmed() {
        AtomicInteger rounds = new AtomicInteger();
        RingWorker worker = new RingWorker() {
            @Override
            public int serve() {
                return 0;
            }

            @Override
            public boolean arm() {
                // Work comes while it is armed, twice.
                return rounds.incrementAndGet() < 3;
            }

            @Override
            public void failed(RuntimeException cause) {
                throw new AssertionError(cause);
            }
        };
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> rounds.get() == 3);
    }

    @Test
    void shouldWakeAgainAndAgain() {
        CountingWorker worker = new CountingWorker();
        for (int i = 1; i <= 200; i++) {
            worker.pending.incrementAndGet();
            loop.wake(worker);
            int expected = i;
            await().pollDelay(0, SECONDS)
                    .pollInterval(java.time.Duration.ofNanos(50_000))
                    .atMost(10, SECONDS)
                    .until(() -> worker.done.get() == expected);
        }
    }

    @Test
    void shouldLoseNoWakeUpOfManyThreads() throws InterruptedException {
        int threads = 4;
        int perThread = 30_000;
        CountingWorker[] workers = {new CountingWorker(), new CountingWorker(), new CountingWorker()};
        List<Thread> wakers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int seed = t;
            wakers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < perThread; i++) {
                    CountingWorker worker = workers[(i + seed) % workers.length];
                    worker.pending.incrementAndGet();
                    loop.wake(worker);
                    // Bursts and pauses, so that the loop falls asleep in between.
                    if (i % 1000 == 999) {
                        java.util.concurrent.locks.LockSupport.parkNanos(200_000);
                    }
                }
            }));
        }
        for (Thread waker : wakers) {
            waker.join();
        }
        await().atMost(20, SECONDS).until(() -> {
            long done = 0;
            for (CountingWorker worker : workers) {
                done += worker.done.get();
            }
            return done == (long) threads * perThread;
        });
    }

    @Test
    void shouldLoseNoWakeUpAtTheMomentItFallsAsleep() {
        // Each ping waits for the pong before: nothing but this wake-up keeps the game going.
        int rounds = 20_000;
        Semaphore pong = new Semaphore(0);
        AtomicInteger ping = new AtomicInteger();
        RingWorker worker = new RingWorker() {
            @Override
            public int serve() {
                int n = ping.getAndSet(0);
                pong.release(n);
                return n;
            }

            @Override
            public boolean arm() {
                return ping.get() != 0;
            }

            @Override
            public void failed(RuntimeException cause) {
                throw new AssertionError(cause);
            }
        };
        for (int i = 0; i < rounds; i++) {
            for (int spin = 0; spin < i % 977; spin++) {
                Thread.onSpinWait();
            }
            ping.set(1);
            loop.wake(worker);
            boolean came = acquire(pong);
            assertThat(came).as("round %d", i).isTrue();
        }
    }

    private static boolean acquire(Semaphore semaphore) {
        try {
            return semaphore.tryAcquire(20, SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Many rings of one domain, always full: each of them gets its turn, and another domain's ring gets its own. */
    @Test
    void e8_shouldServeEveryRingOfADomainThatWantsMoreThanItsShare() {
        CountingWorker other = new CountingWorker();
        other.endless = true;
        loop.wake(other);
        List<CountingWorker> greedy = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            CountingWorker worker = new CountingWorker();
            worker.domid = 9;
            worker.endless = true;
            greedy.add(worker);
            loop.wake(worker);
        }
        await().atMost(10, SECONDS).until(() -> greedy.stream().allMatch(worker -> worker.served.get() > 100));
        long before = other.served.get();
        await().atMost(10, SECONDS).until(() -> other.served.get() > before + 1000);
        inLoop(() -> {
            greedy.forEach(loop::forget);
            loop.forget(other);
        });
        assertThat(greedy).allMatch(worker -> worker.failures.get() == 0);
    }

    @Test
    void shouldRetireIdleWorkersWhileAnotherIsBusy() {
        CountingWorker busy = new CountingWorker();
        busy.endless = true;
        loop.wake(busy);
        List<CountingWorker> idle = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            CountingWorker worker = new CountingWorker();
            idle.add(worker);
            loop.wake(worker);
        }
        await().atMost(10, SECONDS).until(() -> idle.stream().allMatch(worker -> worker.armed.get() == 1));
        // From here on, a round costs as much as the busy one alone.
        inLoop(() -> {});
        List<Long> before = idle.stream().map(worker -> worker.served.get()).toList();
        long roundsBefore = busy.served.get();
        await().atMost(10, SECONDS).until(() -> busy.served.get() > roundsBefore + 10_000);
        assertThat(idle.stream().map(worker -> worker.served.get()).toList()).isEqualTo(before);
        inLoop(() -> loop.forget(busy));
    }

    @Test
    void shouldForgetAWorkerForGood() {
        CountingWorker worker = new CountingWorker();
        worker.endless = true;
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.served.get() > 10);
        inLoop(() -> loop.forget(worker));
        long served = worker.served.get();
        inLoop(() -> {});
        assertThat(worker.served.get()).isEqualTo(served);
        // Until somebody wakes it again.
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.served.get() > served);
        inLoop(() -> loop.forget(worker));
    }

    @Test
    void shouldForgetAWorkerThatWasWokenAndNotServedYet() {
        CountingWorker worker = new CountingWorker();
        inLoop(() -> {
            loop.wake(worker);
            loop.forget(worker);
        });
        inLoop(() -> {});
        assertThat(worker.served).hasValue(0);
    }

    @Test
    void shouldLetAWorkerForgetItselfAndOthersWhileItIsServed() {
        CountingWorker other = new CountingWorker();
        other.endless = true;
        AtomicInteger served = new AtomicInteger();
        RingWorker selfish = new RingWorker() {
            @Override
            public int serve() {
                served.incrementAndGet();
                loop.forget(other);
                loop.forget(this);
                return 1;
            }

            @Override
            public boolean arm() {
                return false;
            }

            @Override
            public void failed(RuntimeException cause) {
                throw new AssertionError(cause);
            }
        };
        loop.wake(other);
        loop.wake(selfish);
        await().atMost(10, SECONDS).until(() -> served.get() == 1);
        long before = other.served.get();
        inLoop(() -> {});
        inLoop(() -> {});
        assertThat(served).hasValue(1);
        assertThat(other.served.get()).isLessThanOrEqualTo(before + 1);
    }

    @Test
    void shouldServeRingsWhileATaskSubmitsItselfForEver() {
        AtomicInteger runs = new AtomicInteger();
        AtomicInteger enough = new AtomicInteger();
        loop.execute(new Runnable() {
            @Override
            public void run() {
                runs.incrementAndGet();
                if (enough.get() == 0) {
                    loop.execute(this);
                }
            }
        });
        CountingWorker worker = new CountingWorker();
        worker.pending.set(1000);
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.done.get() == 1000);
        enough.set(1);
        assertThat(runs.get()).isPositive();
    }

    @Test
    void shouldRunTasksInOrder() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            int n = i;
            loop.execute(() -> order.add(n));
        }
        inLoop(() -> {});
        assertThat(order).isSorted().hasSize(1000);
    }
}
