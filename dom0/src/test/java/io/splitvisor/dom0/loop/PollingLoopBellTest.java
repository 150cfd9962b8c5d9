// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.host.EventFd;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Bells wake workers. */
class PollingLoopBellTest extends PollingLoopFixture {
    @Test
    void shouldHearABell() {
        try (EventFd bell = EventFd.create()) {
            CountingWorker worker = new CountingWorker();
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
            CountingWorker worker = new CountingWorker();
            worker.pending.set(1);
            loop.addBell(bell, worker);
            await().atMost(10, SECONDS).until(() -> worker.done.get() == 1);
        }
    }

    @Test
    void shouldWakeEveryWorkerOfABell() {
        try (EventFd bell = EventFd.create()) {
            CountingWorker first = new CountingWorker();
            CountingWorker second = new CountingWorker();
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
            CountingWorker removed = new CountingWorker();
            CountingWorker stays = new CountingWorker();
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
            CountingWorker greedy = new CountingWorker();
            greedy.endless = true;
            CountingWorker quiet = new CountingWorker();
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
            CountingWorker woken = new CountingWorker();
            woken.pending.set(1);
            loop.wake(woken);
            await().atMost(10, SECONDS).until(() -> woken.done.get() == 1);
            inLoop(() -> loop.forget(greedy));
        }
    }
}
