// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Callers that wait, and a Dom0 on a thread of its own. */
class HypercallWaitsTest extends HypercallRingFixture {
    @Test
    void shouldSubmitMoreCallsThanTheRingHolds() {
        startServer(0);
        HypercallBatch batch = batch(1000);
        for (int i = 0; i < 1000; i++) {
            batch.add(ADD, i, 0, 0, 0, 0, 1);
        }
        batch.run();
        for (int i = 0; i < 1000; i++) {
            assertThat(batch.result(i)).isEqualTo(i + 1);
        }
    }

    @Test
    void shouldMakeRoomForSendsByTakingResponses() {
        startServer(0);
        for (int i = 0; i < 10 * SLOTS; i++) {
            ring.send(1);
        }
        HypercallBatch batch = batch(1);
        batch.add(ADD, 0, 0, 0, 0, 0, 0);
        batch.run();
        assertThat(ring.submitted()).isEqualTo(10 * SLOTS + 1);
        assertThat(ring.failedSends()).isZero();
    }

    @Test
    void shouldWaitWhileDom0TakesItsTime() throws InterruptedException {
        startServer(5_000_000);
        Thread upcalls = startUpcallThread();
        Hypercalls calls = new Hypercalls(ring, memory, CALL_ARGUMENTS);
        for (int i = 0; i < 20; i++) {
            assertThat(calls.evtchnAllocUnbound(0)).isEqualTo(10 + i);
        }
        serving = false;
        upcalls.join();
    }

    @Test
    void shouldFinishEvenIfNobodySleepsOnTheBell() {
        // No upcall thread: the caller looks by itself from time to time.
        startServer(30_000_000);
        HypercallBatch batch = batch(1);
        batch.add(ADD, 4, 0, 0, 0, 0, 5);
        batch.run();
        assertThat(batch.result(0)).isEqualTo(9);
    }

    @Test
    void shouldSleepOnTheBellInTheUpcallThreadItself() throws InterruptedException {
        startServer(20_000_000);
        AtomicInteger answered = new AtomicInteger();
        Thread thread = new Thread(() -> {
            HypercallBatch batch = batch(1);
            for (int i = 0; i < 5; i++) {
                batch.add(ADD, i, 0, 0, 0, 0, 1);
                batch.run();
                answered.addAndGet((int) batch.result(0));
                batch.clear();
            }
        });
        sleep.owner = thread;
        thread.start();
        thread.join();
        assertThat(answered).hasValue(15);
        assertThat(memory.get(ValueLayout.JAVA_INT, ASLEEP)).as("awake").isZero();
    }

    @Test
    void shouldKeepAnInterruptForTheCaller() {
        startServer(5_000_000);
        HypercallBatch batch = batch(1);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        Thread.currentThread().interrupt();
        batch.run();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(batch.result(0)).isEqualTo(2);
    }

    @Test
    void shouldGiveEveryThreadItsOwnResults() throws InterruptedException {
        startServer(0);
        Thread upcalls = startUpcallThread();
        int threads = 4;
        int each = 2000;
        CountDownLatch wrong = new CountDownLatch(1);
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            long base = t * 1_000_000L;
            long arguments = BATCH_ARGUMENTS + t * 16L * HypercallBatch.ARGUMENT_BYTES;
            Thread caller = new Thread(() -> {
                HypercallBatch batch = new HypercallBatch(ring, 16, memory, arguments);
                for (int i = 0; i < each; i++) {
                    int size = 1 + i % 16;
                    for (int c = 0; c < size; c++) {
                        batch.add(ADD, base + i, 0, 0, 0, 0, c);
                    }
                    ring.send(1);
                    batch.run();
                    for (int c = 0; c < size; c++) {
                        if (batch.result(c) != base + i + c) {
                            wrong.countDown();
                        }
                    }
                    batch.clear();
                }
            });
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        serving = false;
        upcalls.join();
        assertThat(wrong.getCount()).as("no wrong result").isOne();
        assertThat(ring.failedSends()).isZero();
    }

    @Test
    void shouldCompleteAFutureInTheUpcallThread() throws Exception {
        startServer(1_000_000);
        Thread upcalls = startUpcallThread();
        HypercallBatch batch = batch(4);
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 4; i++) {
                batch.add(ADD, i, 0, 0, 0, 0, round);
            }
            HypercallBatch done = batch.submitAsync().get(10, TimeUnit.SECONDS);
            assertThat(done).isSameAs(batch);
            assertThat(done.result(3)).isEqualTo(3L + round);
            batch.clear();
        }
        assertThat(batch.submitAsync()).as("nothing to wait for").isCompleted();
        serving = false;
        upcalls.join();
    }

    @ParameterizedTest
    @EnumSource
    void shouldWaitForALimitedTime(HypercallWait how) {
        HypercallBatch batch = batch(1);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        batch.submit();
        assertThat(batch.await(how, Duration.ofMillis(2))).isFalse();
        serve();
        assertThat(batch.await(how, Duration.ofSeconds(10))).isTrue();
        assertThat(batch.result(0)).isEqualTo(2);
    }
}
