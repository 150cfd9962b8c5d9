// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HypercallRingTest extends HypercallRingFixture {
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
            MulticallEntry.result(back.takeRequest(), 0, i);
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
            MulticallEntry.result(back.takeRequest(), 0, 1000 + i);
            back.claimResponse();
        }
        batch.cancel();
        int unknown = 0;
        for (int i = 3; i < SLOTS; i++) {
            MemorySegment call = back.takeRequest();
            unknown += MulticallEntry.op(call, 0) == HypercallBatch.CANCELLED ? 1 : 0;
            MulticallEntry.result(call, 0, -XenErrno.ENOSYS);
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
