// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poll;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HypercallRingTest {
    private static final int RING_BYTES = 4 * 4096;
    private static final int SLOTS = 128;
    private static final long RSP_PROD = 8;
    private static final long SEND_ARGUMENTS = RING_BYTES;
    private static final long CALL_ARGUMENTS = SEND_ARGUMENTS + SLOTS * HypercallBatch.ARGUMENT_BYTES;
    private static final long BATCH_ARGUMENTS = CALL_ARGUMENTS + Hypercalls.ARGUMENT_BYTES;
    private static final long ASLEEP = BATCH_ARGUMENTS + 64 * 1024;
    private static final int ADD = 77;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(ASLEEP + 4096, 4096);
    private final MemorySegment pages = memory.asSlice(0, RING_BYTES);
    private final EventFd bellToDom0 = EventFd.create();
    private final EventFd bellToGuest = EventFd.create();
    private final Doorbell guestBell = new Doorbell(memory, ASLEEP, bellToGuest);
    private final Sleep sleep = new Sleep();
    private final HypercallRing ring;
    private final BackRing back;
    private final AtomicInteger nextPort = new AtomicInteger(10);
    private volatile boolean serving;
    private Thread server;

    HypercallRingTest() {
        SharedRing.init(pages);
        ring = new HypercallRing(pages, memory, SEND_ARGUMENTS, bellToDom0, sleep);
        back = BackRing.init(pages, MulticallEntry.SIZE);
    }

    /** Nobody owns the sleep, unless a test says so. */
    private final class Sleep implements UpcallSleep {
        private volatile Thread owner;

        @Override
        public boolean isOwner() {
            return Thread.currentThread() == owner;
        }

        @Override
        public void arm() {
            guestBell.arm();
        }

        @Override
        public void sleep(int millis) {
            try (Poll poll = new Poll(bellToGuest.fd())) {
                poll.await(millis);
            }
        }

        @Override
        public void disarm() {
            guestBell.disarm();
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        serving = false;
        if (server != null) {
            server.join();
        }
        bellToDom0.close();
        bellToGuest.close();
        arena.close();
    }

    private HypercallBatch batch(int capacity) {
        return new HypercallBatch(ring, capacity, memory, BATCH_ARGUMENTS);
    }

    /** Serves all that is there; every result is the sum of two arguments, unless it is an event channel operation. */
    private int serve() {
        int count = back.unconsumedRequests();
        for (int i = 0; i < count; i++) {
            long at = back.takeRequest();
            long result;
            if (MulticallEntry.op(pages, at) == Hypercall.EVENT_CHANNEL_OP) {
                long argument = MulticallEntry.args(pages, at, 1);
                result = eventChannelOp((int) MulticallEntry.args(pages, at, 0), argument);
            } else {
                result = MulticallEntry.args(pages, at, 0) + MulticallEntry.args(pages, at, 5);
            }
            MulticallEntry.result(pages, back.claimResponse(), result);
        }
        if (count > 0 && back.pushResponsesAndCheckNotify()) {
            guestBell.ring();
        }
        return count;
    }

    private long eventChannelOp(int command, long argument) {
        if (command == EventChannelOp.ALLOC_UNBOUND) {
            EvtchnAllocUnbound.port(memory, argument, nextPort.getAndIncrement());
            return 0;
        }
        return EvtchnSend.port(memory, argument) == 0 ? -XenErrno.EINVAL : 0;
    }

    /** A Dom0 that sleeps between calls, on its bell as the protocol has it. */
    private void startServer(long delayNanos) {
        serving = true;
        server = new Thread(() -> {
            try (Poll poll = new Poll(bellToDom0.fd())) {
                while (serving) {
                    if (back.finalCheckForRequests() == 0) {
                        poll.await(20);
                        bellToDom0.drain();
                    }
                    if (delayNanos > 0 && back.unconsumedRequests() > 0) {
                        LockSupport.parkNanos(delayNanos);
                    }
                    serve();
                }
            }
        });
        server.start();
    }

    /** An upcall thread as a vCPU has it, for the length of a test. */
    private Thread startUpcallThread() {
        Thread thread = new Thread(() -> {
            while (serving) {
                guestBell.arm();
                if (ring.hasWork()) {
                    ring.takeResponses();
                } else {
                    sleep.sleep(20);
                }
                guestBell.disarm();
            }
        });
        sleep.owner = thread;
        thread.start();
        return thread;
    }

    @Test
    void shouldHoldOneHundredAndTwentyEightCalls() {
        assertThat(ring.slots()).isEqualTo(SLOTS);
    }

    @Test
    void shouldAnswerABatchByIndexAndWakeDom0Once() {
        HypercallBatch batch = batch(3);
        int first = batch.add(ADD, 1, 0, 0, 0, 0, 2);
        int second = batch.add(ADD, 10, 0, 0, 0, 0, 20);
        int third = batch.add(ADD, -XenErrno.EPERM, 0, 0, 0, 0, 0);
        batch.submit();
        assertThat(ring.rings()).isOne();
        assertThat(bellToDom0.drain()).isTrue();
        assertThat(serve()).isEqualTo(3);
        batch.await();
        assertThat(batch.result(first)).isEqualTo(3);
        assertThat(batch.result(second)).isEqualTo(30);
        assertThat(batch.result(third)).isEqualTo(-XenErrno.EPERM);
        assertThat(ring.submitted()).isEqualTo(3);
    }

    @Test
    void shouldNotRingForSomebodyAwake() {
        HypercallBatch batch = batch(1);
        for (int i = 0; i < 5; i++) {
            batch.add(ADD, i, 0, 0, 0, 0, 0);
            batch.submit();
            serve();
            batch.await();
            batch.clear();
        }
        assertThat(ring.rings())
                .as("only for the first: req_event was passed once")
                .isOne();
    }

    @Test
    void shouldKeepResultsUntilTheBatchIsCleared() {
        HypercallBatch batch = batch(2);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        assertThatIllegalStateException().isThrownBy(() -> batch.result(0));
        batch.submit();
        assertThatIllegalStateException().isThrownBy(() -> batch.result(0));
        assertThatIllegalStateException().isThrownBy(batch::clear);
        assertThatIllegalStateException().isThrownBy(() -> batch.add(ADD, 0, 0, 0, 0, 0, 0));
        assertThatIllegalStateException().isThrownBy(batch::submit);
        serve();
        batch.await();
        assertThat(batch.result(0)).isEqualTo(2);
        assertThatThrownBy(() -> batch.result(1)).isInstanceOf(IndexOutOfBoundsException.class);
        batch.clear();
        batch.add(ADD, 0, 0, 0, 0, 0, 0);
        batch.add(ADD, 0, 0, 0, 0, 0, 0);
        assertThatIllegalStateException().isThrownBy(() -> batch.evtchn().send(3));
    }

    @Test
    void shouldCompleteAnEmptyBatchAtOnce() {
        HypercallBatch batch = batch(1);
        batch.run();
        assertThat(batch.isComplete()).isTrue();
        assertThat(ring.submitted()).isZero();
    }

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
    void shouldSendWithoutWaitingAndCountWhatFailed() {
        for (int i = 0; i < 100; i++) {
            ring.send(i % 2);
        }
        assertThat(serve()).isEqualTo(100);
        assertThat(ring.failedSends()).as("nobody has looked yet").isZero();
        ring.takeResponses();
        assertThat(ring.failedSends()).isEqualTo(50);
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
    void shouldEndCallsWhenTheRingFails() {
        HypercallBatch batch = batch(2);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        batch.version().version();
        batch.submit();
        ring.fail("the test says so");
        batch.await();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.EIO);
        assertThat(batch.result(1)).isEqualTo(-XenErrno.EIO);
        assertThat(ring.brokenBy()).isEqualTo("the test says so");
        batch.clear();
        batch.version().version();
        batch.run();
        assertThat(batch.result(0)).as("later calls too").isEqualTo(-XenErrno.EIO);
        ring.send(1);
        assertThat(new Hypercalls(ring, memory, CALL_ARGUMENTS).evtchnAllocUnbound(0))
                .isEqualTo(-XenErrno.EIO);
    }

    @Test
    void shouldBreakOffWhenThereAreMoreResponsesThanCalls() {
        HypercallBatch batch = batch(1);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        batch.submit();
        pages.set(ValueLayout.JAVA_INT, RSP_PROD, 5);
        batch.await();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.EIO);
        assertThat(ring.brokenBy()).isEqualTo("5 responses to 1 hypercalls");
    }

    @Test
    void shouldZeroArgumentStructuresBeforeUse() {
        memory.asSlice(BATCH_ARGUMENTS, 4 * HypercallBatch.ARGUMENT_BYTES).fill((byte) 0xff);
        HypercallBatch batch = batch(1);
        batch.evtchn().bindInterdomain(3, 4);
        assertThat(memory.get(ValueLayout.JAVA_LONG, BATCH_ARGUMENTS)).isEqualTo(4L << 32 | 3);
        assertThat(memory.get(ValueLayout.JAVA_LONG, BATCH_ARGUMENTS + 8)).isZero();
        assertThat(memory.get(ValueLayout.JAVA_LONG, BATCH_ARGUMENTS + HypercallBatch.ARGUMENT_BYTES))
                .as("the next call's")
                .isEqualTo(-1);
    }

    @Test
    void shouldAnswerAgainWhenTheRingIsFullAndLoseNothing() {
        HypercallBatch first = batch(100);
        HypercallBatch second =
                new HypercallBatch(ring, 100, memory, BATCH_ARGUMENTS + 100L * HypercallBatch.ARGUMENT_BYTES);
        for (int i = 0; i < 100; i++) {
            first.add(ADD, i, 0, 0, 0, 0, 1);
            second.add(ADD, i, 0, 0, 0, 0, 2);
        }
        assertThat(first.trySubmit()).isTrue();
        assertThat(second.trySubmit()).as("28 slots are free").isFalse();
        assertThat(second.isComplete()).isTrue();
        assertThat(ring.submitted()).isEqualTo(100);
        serve();
        assertThat(second.trySubmit()).isTrue();
        assertThat(first.isComplete()).isTrue();
        serve();
        assertThat(second.poll()).isTrue();
        for (int i = 0; i < 100; i++) {
            assertThat(first.result(i)).isEqualTo(i + 1);
            assertThat(second.result(i)).isEqualTo(i + 2);
        }
    }

    @Test
    void shouldRefuseToTryWhatNeverFits() {
        HypercallBatch batch = batch(SLOTS + 1);
        for (int i = 0; i <= SLOTS; i++) {
            batch.add(ADD, i, 0, 0, 0, 0, 1);
        }
        assertThatIllegalStateException().isThrownBy(batch::trySubmit).withMessageContaining("never fit");
    }

    @Test
    void shouldShowTheResultsUpToAFenceBeforeTheBatchEnds() {
        HypercallBatch batch = batch(3);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        int fence = batch.fence();
        batch.add(ADD, 2, 0, 0, 0, 0, 2);
        batch.submit();
        assertThat(batch.completed()).isZero();
        for (int i = 0; i <= fence; i++) {
            MulticallEntry.result(pages, back.takeRequest(), i);
            back.claimResponse();
        }
        back.pushResponses();
        assertThat(batch.poll()).isFalse();
        assertThat(batch.completed()).isEqualTo(fence + 1);
        serve();
        assertThat(batch.poll()).isTrue();
        assertThat(batch.completed()).isEqualTo(3);
    }

    @Test
    void shouldCancelWhatHasNotBegun() {
        HypercallBatch batch = batch(SLOTS + 10);
        for (int i = 0; i < SLOTS + 10; i++) {
            batch.add(ADD, i, 0, 0, 0, 0, 1);
        }
        Thread submitter = Thread.ofPlatform().start(batch::submit);
        while (ring.submitted() < SLOTS) {
            Thread.onSpinWait();
        }
        // The first three have begun.
        for (int i = 0; i < 3; i++) {
            MulticallEntry.result(pages, back.takeRequest(), 1000 + i);
            back.claimResponse();
        }
        batch.cancel();
        int unknown = 0;
        for (int i = 3; i < SLOTS; i++) {
            long at = back.takeRequest();
            unknown += MulticallEntry.op(pages, at) == HypercallBatch.CANCELLED ? 1 : 0;
            MulticallEntry.result(pages, at, -XenErrno.ENOSYS);
            back.claimResponse();
        }
        back.pushResponses();
        assertThat(unknown).isEqualTo(SLOTS - 3);
        batch.await();
        join(submitter);
        for (int i = 0; i < SLOTS + 10; i++) {
            assertThat(batch.result(i)).isEqualTo(i < 3 ? 1000 + i : -XenErrno.EINTR);
        }
        batch.clear();
        batch.cancel();
        batch.add(ADD, 0, 0, 0, 0, 0, -XenErrno.ENOSYS);
        batch.submit();
        serve();
        assertThat(batch.poll()).isTrue();
        assertThat(batch.result(0)).as("this one was not cancelled").isEqualTo(-XenErrno.ENOSYS);
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

    @Test
    void shouldCallBackOncePerCompletionAndLetTheListenerSubmitAgain() {
        HypercallBatch batch = batch(1);
        AtomicInteger calls = new AtomicInteger();
        batch.onComplete(done -> {
            assertThat(done.result(0)).isEqualTo(calls.get() + 1);
            if (calls.incrementAndGet() < 5) {
                done.clear();
                done.add(ADD, calls.get(), 0, 0, 0, 0, 1);
                done.submit();
            }
        });
        batch.add(ADD, 0, 0, 0, 0, 0, 1);
        batch.submit();
        assertThatIllegalStateException().isThrownBy(() -> batch.onComplete(null));
        for (int i = 0; i < 10; i++) {
            serve();
            ring.takeResponses();
        }
        assertThat(calls).hasValue(5);
        assertThat(batch.isComplete()).isTrue();
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

    @Test
    void shouldFailWhatIsUnderWayAndTellItsListenersWhenDom0Goes() {
        HypercallBatch batch = batch(2);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        CompletableFuture<HypercallBatch> future = batch.submitAsync();
        ring.fail("gone");
        assertThat(future).isCompleted();
        assertThat(batch.result(1)).isEqualTo(-XenErrno.EIO);
        batch.clear();
        batch.add(ADD, 1, 0, 0, 0, 0, 1);
        assertThat(batch.submitAsync()).isCompleted();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.EIO);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldRefuseArgumentsOutsideMemory() {
        assertThatThrownBy(() -> new HypercallBatch(ring, 4, memory, memory.byteSize() - 64))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
