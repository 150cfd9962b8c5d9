// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.backend.RingWorker;
import io.splitvisor.host.EventFd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PollingLoopTest {
    private final PollingLoop loop = new PollingLoop("loop under test");

    @AfterEach
    void stop() {
        loop.close();
    }

    /** Work is a number; serving takes some of it away. */
    private static final class Worker implements RingWorker {
        private final AtomicLong pending = new AtomicLong();
        private final AtomicLong done = new AtomicLong();
        private final AtomicLong served = new AtomicLong();
        private final AtomicInteger armed = new AtomicInteger();
        private final AtomicInteger failures = new AtomicInteger();
        private volatile Throwable thrown;
        private volatile boolean endless;
        private volatile int domid = NO_DOMAIN;

        @Override
        public int domid() {
            return domid;
        }

        @Override
        public int serve() {
            served.incrementAndGet();
            sneak(thrown);
            if (endless) {
                return 1;
            }
            long work = Math.min(pending.get(), 32);
            pending.addAndGet(-work);
            done.addAndGet(work);
            return (int) work;
        }

        @Override
        public boolean arm() {
            armed.incrementAndGet();
            return pending.get() > 0;
        }

        @Override
        public void failed(RuntimeException cause) {
            failures.incrementAndGet();
        }
    }

    @SuppressWarnings("unchecked") // throws any Throwable unchecked
    private static <T extends Throwable> void sneak(Throwable t) throws T {
        if (t != null) {
            throw (T) t;
        }
    }

    private void inLoop(Runnable task) {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            task.run();
            done.countDown();
        });
        await().atMost(10, SECONDS).until(() -> done.getCount() == 0);
    }

    @Test
    void shouldServeAWorkerThatIsWoken() {
        Worker worker = new Worker();
        worker.pending.set(100);
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.done.get() == 100);
    }

    @Test
    void shouldArmAWorkerBeforeItLeavesItAlone() {
        Worker worker = new Worker();
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
        Worker worker = new Worker();
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
        Worker[] workers = {new Worker(), new Worker(), new Worker()};
        List<Thread> wakers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int seed = t;
            wakers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < perThread; i++) {
                    Worker worker = workers[(i + seed) % workers.length];
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
            for (Worker worker : workers) {
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

    @Test
    void shouldHearABell() {
        try (EventFd bell = EventFd.create()) {
            Worker worker = new Worker();
            loop.addBell(bell, worker);
            await().atMost(10, SECONDS).until(() -> worker.armed.get() > 0);
            for (int i = 1; i <= 100; i++) {
                worker.pending.incrementAndGet();
                bell.signal();
                int expected = i;
                await().pollDelay(0, SECONDS)
                        .pollInterval(java.time.Duration.ofNanos(50_000))
                        .atMost(10, SECONDS)
                        .until(() -> worker.done.get() == expected);
            }
            loop.removeBell(bell, () -> {});
            inLoop(() -> {});
        }
    }

    @Test
    void shouldHearABellThatRangBeforeAnybodyListened() {
        try (EventFd bell = EventFd.create()) {
            bell.signal();
            Worker worker = new Worker();
            worker.pending.set(1);
            loop.addBell(bell, worker);
            await().atMost(10, SECONDS).until(() -> worker.done.get() == 1);
        }
    }

    @Test
    void shouldWakeEveryWorkerOfABell() {
        try (EventFd bell = EventFd.create()) {
            Worker first = new Worker();
            Worker second = new Worker();
            loop.addBell(bell, first, second);
            await().atMost(10, SECONDS).until(() -> first.armed.get() > 0 && second.armed.get() > 0);
            second.pending.set(1);
            bell.signal();
            await().atMost(10, SECONDS).until(() -> second.done.get() == 1);
        }
    }

    @Test
    void shouldBeDeafToABellThatWasRemoved() {
        try (EventFd bell = EventFd.create();
                EventFd other = EventFd.create()) {
            Worker removed = new Worker();
            Worker stays = new Worker();
            loop.addBell(bell, removed);
            loop.addBell(other, stays);
            AtomicInteger closed = new AtomicInteger();
            loop.removeBell(bell, closed::incrementAndGet);
            await().atMost(10, SECONDS).until(() -> closed.get() == 1);
            inLoop(() -> loop.forget(removed));
            long served = removed.served.get();
            removed.pending.set(1);
            stays.pending.set(1);
            bell.signal();
            other.signal();
            await().atMost(10, SECONDS).until(() -> stays.done.get() == 1);
            assertThat(removed.served.get()).isEqualTo(served);
        }
    }

    @Test
    void e8_shouldHearBellsAndServeOthersWhileOneWorkerNeverHasEnough() {
        try (EventFd bell = EventFd.create()) {
            Worker greedy = new Worker();
            greedy.endless = true;
            Worker quiet = new Worker();
            loop.addBell(bell, quiet);
            await().atMost(10, SECONDS).until(() -> quiet.armed.get() > 0);
            loop.wake(greedy);
            await().atMost(10, SECONDS).until(() -> greedy.served.get() > 100);
            for (int i = 1; i <= 20; i++) {
                quiet.pending.incrementAndGet();
                bell.signal();
                int expected = i;
                await().atMost(10, SECONDS).until(() -> quiet.done.get() == expected);
            }
            Worker woken = new Worker();
            woken.pending.set(1);
            loop.wake(woken);
            await().atMost(10, SECONDS).until(() -> woken.done.get() == 1);
            inLoop(() -> loop.forget(greedy));
        }
    }

    /** Many rings of one domain, always full: each of them gets its turn, and another domain's ring gets its own. */
    @Test
    void e8_shouldServeEveryRingOfADomainThatWantsMoreThanItsShare() {
        Worker other = new Worker();
        other.endless = true;
        loop.wake(other);
        List<Worker> greedy = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            Worker worker = new Worker();
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
        Worker busy = new Worker();
        busy.endless = true;
        loop.wake(busy);
        List<Worker> idle = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Worker worker = new Worker();
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
        Worker worker = new Worker();
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
        Worker worker = new Worker();
        inLoop(() -> {
            loop.wake(worker);
            loop.forget(worker);
        });
        inLoop(() -> {});
        assertThat(worker.served).hasValue(0);
    }

    @Test
    void shouldLetAWorkerForgetItselfAndOthersWhileItIsServed() {
        Worker other = new Worker();
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

    private void shouldGiveUpOn(Throwable thrown) {
        Worker worker = new Worker();
        Worker neighbour = new Worker();
        worker.thrown = thrown;
        loop.wake(neighbour);
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.failures.get() == 1);
        // Whatever wakes it, it is not called again.
        for (int i = 0; i < 3; i++) {
            loop.wake(worker);
            inLoop(() -> {});
        }
        assertThat(worker.served).hasValue(1);
        assertThat(worker.failures).hasValue(1);
        neighbour.pending.set(1);
        loop.wake(neighbour);
        await().atMost(10, SECONDS).until(() -> neighbour.done.get() == 1);
        // Forgotten, it may start anew.
        worker.thrown = null;
        worker.pending.set(1);
        inLoop(() -> loop.forget(worker));
        loop.wake(worker);
        await().atMost(10, SECONDS).until(() -> worker.done.get() == 1);
    }

    @Test
    void shouldGiveUpOnAWorkerThatThrows() {
        shouldGiveUpOn(new IllegalStateException("a worker's bug"));
    }

    @Test
    void shouldSurviveAnErrorInAWorker() {
        shouldGiveUpOn(new StackOverflowError("a worker's bug"));
    }

    @Test
    void shouldSurviveAWorkerThatThrowsWhenItIsTold() {
        RingWorker worker = new RingWorker() {
            @Override
            public int serve() {
                throw new IllegalStateException("first");
            }

            @Override
            public boolean arm() {
                return false;
            }

            @Override
            public void failed(RuntimeException cause) {
                throw new IllegalStateException("second");
            }
        };
        loop.wake(worker);
        inLoop(() -> {});
        inLoop(() -> {});
        assertThat(loop.inLoop()).isFalse();
    }

    @Test
    void shouldSurviveATaskThatThrows() {
        loop.execute(() -> {
            throw new IllegalStateException("a task's bug");
        });
        loop.execute(() -> {
            throw new AssertionError("another one");
        });
        inLoop(() -> assertThat(loop.inLoop()).isTrue());
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
        Worker worker = new Worker();
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

    /** A device's other side that sends events for nothing, until the end of the block. */
    private static final class Storm implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();
        private final Thread thread;

        private Storm(PollingLoop loop, RingWorker worker) {
            thread = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    loop.notified(worker);
                    Thread.onSpinWait();
                }
            });
        }

        @Override
        public void close() throws InterruptedException {
            over.set(true);
            thread.join();
        }
    }

    @Test
    void e8_shouldLetTheEventsOfADeviceWaitThatHaveNoWorkBehindThem() throws InterruptedException {
        Worker stormed = new Worker();
        Worker other = new Worker();
        long start = System.nanoTime();
        try (Storm _ = new Storm(loop, stormed)) {
            await().atMost(20, SECONDS).until(() -> stormed.armed.get() >= 9);
            // 1 + 2 + 4 + ... + 32 ms; the loop may look once or twice more, while others keep it awake.
            assertThat(SECONDS.toNanos(1) / 1000 * 63).isLessThanOrEqualTo(System.nanoTime() - start);
            int armed = stormed.armed.get();
            for (int i = 1; i <= 20; i++) {
                other.pending.incrementAndGet();
                loop.notified(other);
                int expected = i;
                await().pollDelay(0, SECONDS).until(() -> other.done.get() == expected);
            }
            assertThat(stormed.armed.get()).isLessThanOrEqualTo(armed + 8);
        }
    }

    @Test
    void e8_shouldNotLetWorkWaitThatIsNotTheOtherSides() throws InterruptedException {
        Worker stormed = new Worker();
        try (Storm _ = new Storm(loop, stormed)) {
            await().atMost(20, SECONDS).until(() -> stormed.armed.get() >= 11);
            // Held for half a second now, but a request of its own that is done is an affair of this domain.
            long start = System.nanoTime();
            stormed.pending.set(1);
            loop.wake(stormed);
            await().pollDelay(0, SECONDS)
                    .pollInterval(java.time.Duration.ofMillis(1))
                    .until(() -> stormed.done.get() == 1);
            assertThat(System.nanoTime() - start).isLessThan(SECONDS.toNanos(1) / 4);
        }
    }

    @Test
    void e8_shouldBringTheLastEventWhenTheWaitingIsOver() throws InterruptedException {
        Worker stormed = new Worker();
        try (Storm _ = new Storm(loop, stormed)) {
            await().atMost(20, SECONDS).until(() -> stormed.armed.get() >= 8);
        }
        stormed.pending.set(1);
        loop.notified(stormed);
        await().atMost(10, SECONDS).until(() -> stormed.done.get() == 1);
        // There was work: it starts anew.
        await().atMost(10, SECONDS).until(() -> stormed.armed.get() >= 9);
        long start = System.nanoTime();
        int armed = stormed.armed.get();
        stormed.pending.set(1);
        loop.notified(stormed);
        await().pollDelay(0, SECONDS).until(() -> stormed.done.get() == 2 && stormed.armed.get() > armed);
        assertThat(System.nanoTime() - start).isLessThan(SECONDS.toNanos(1));
    }

    @Test
    void e8_shouldNotHoldADeviceWhoseEventsHaveWork() {
        Worker worker = new Worker();
        for (int i = 1; i <= 200; i++) {
            // The second event crosses the work on its way.
            worker.pending.incrementAndGet();
            loop.notified(worker);
            int expected = i;
            await().pollDelay(0, SECONDS)
                    .pollInterval(java.time.Duration.ofNanos(50_000))
                    .until(() -> worker.done.get() == expected && worker.armed.get() >= expected);
            int armed = worker.armed.get();
            loop.notified(worker);
            await().pollDelay(0, SECONDS)
                    .pollInterval(java.time.Duration.ofNanos(50_000))
                    .until(() -> worker.armed.get() > armed);
        }
        assertThat(worker.done.get()).isEqualTo(200);
    }

    @Test
    void e9_shouldForgetAWorkerThatIsHeld() throws InterruptedException {
        Worker stormed = new Worker();
        try (Storm _ = new Storm(loop, stormed)) {
            await().atMost(20, SECONDS).until(() -> stormed.armed.get() >= 7);
        }
        inLoop(() -> loop.forget(stormed));
        int armed = stormed.armed.get();
        Worker other = new Worker();
        try (Storm _ = new Storm(loop, other)) {
            await().atMost(20, SECONDS).until(() -> other.armed.get() >= 9);
        }
        assertThat(stormed.armed.get()).isEqualTo(armed);
    }
}
