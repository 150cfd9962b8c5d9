// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.host.EventFd;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A caller that finds its answer in its slot, before the ring's index tells of it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AnswerInPlaceTest {
    private static final int RING_BYTES = 4 * 4096;
    private static final int SLOTS = 128;
    private static final long RSP_PROD = 8;
    private static final long ARGUMENTS = 2 * RING_BYTES;
    private static final int MOST_CALLS = 2_000_000;
    private static final int ENOUGH = 3 * SLOTS;

    private final MemorySegment memory = Arena.ofAuto().allocate(4 * RING_BYTES, 4096);
    private final MemorySegment pages = memory.asSlice(0, RING_BYTES);
    private final EventFd bell = EventFd.create();
    private final HypercallRing ring;
    private final BackRing back;
    private volatile int returned;
    private volatile int early;
    private volatile boolean stopped;

    AnswerInPlaceTest() {
        SharedRing.init(pages);
        ring = new HypercallRing(pages, bell, new Awake());
        back = BackRing.init(pages, MulticallEntry.SIZE);
    }

    private static final class Awake implements UpcallSleep {
        @Override
        public boolean isOwner() {
            return false;
        }

        @Override
        public void arm() {}

        @Override
        public void sleep(int millis) {}

        @Override
        public void disarm() {}
    }

    @AfterEach
    void close() {
        bell.close();
    }

    /** Answers in the slot, gives the caller a moment to go on with that, and only then tells by the index. */
    private void serve() {
        while (!stopped) {
            if (back.takeableRequests() <= 0) {
                Thread.onSpinWait();
                continue;
            }
            int before = returned;
            MemorySegment call = back.takeRequest();
            long sum = MulticallEntry.args(call, 0, 0) + MulticallEntry.args(call, 0, 5);
            MulticallEntry.resultRelease(back.claimResponse(), 0, sum);
            for (int turn = 0; turn < 500 && returned == before; turn++) {
                Thread.onSpinWait();
            }
            early += returned == before ? 0 : 1;
            back.pushResponses();
        }
    }

    @Test
    void shouldGoOnBeforeTheIndexTells() throws InterruptedException {
        Thread server = Thread.ofPlatform().start(this::serve);
        HypercallBatch batch = new HypercallBatch(ring, 1, memory, ARGUMENTS);
        // Until the ring went round with answers that came early: who has the processors is the host's affair.
        for (int call = 0; call < MOST_CALLS && early < ENOUGH; call++) {
            batch.add(77, call, 0, 0, 0, 0, 5);
            batch.run(HypercallWait.SPIN);
            assertThat(batch.result(0)).isEqualTo(call + 5L);
            batch.clear();
            returned = call + 1;
        }
        stopped = true;
        server.join();
        assertThat(early).isGreaterThanOrEqualTo(ENOUGH);
        assertThat(ring.brokenBy()).isEmpty();
        assertThat(ring.hasResponses()).isFalse();
    }

    @Test
    void shouldTakeAnAnswerThatLooksLikeNoneByTheIndex() {
        HypercallBatch batch = new HypercallBatch(ring, 1, memory, ARGUMENTS);
        batch.add(77, 0, 0, 0, 0, 0, 0);
        batch.submit();
        MulticallEntry.resultRelease(back.takeRequest(), 0, Long.MIN_VALUE);
        back.claimResponse();
        back.pushResponses();
        assertThat(batch.poll()).isTrue();
        assertThat(batch.result(0)).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void shouldBreakOffWhenTheIndexGoesBackFurtherThanTheRingIsLong() {
        HypercallBatch batch = new HypercallBatch(ring, 1, memory, ARGUMENTS);
        batch.add(77, 0, 0, 0, 0, 0, 0);
        batch.submit();
        pages.set(ValueLayout.JAVA_INT, RSP_PROD, -SLOTS);
        assertThat(batch.poll()).as("as far as it may be behind").isFalse();
        pages.set(ValueLayout.JAVA_INT, RSP_PROD, -SLOTS - 1);
        assertThat(batch.poll()).isTrue();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.EIO);
        assertThat(ring.brokenBy()).isEqualTo("4294967167 responses to 1 hypercalls");
    }

    @Test
    void shouldHandOverASingleCallButNotSeveral() {
        HypercallBatch batch = new HypercallBatch(ring, 2, memory, ARGUMENTS);
        batch.add(77, 1, 2, 3, 4, 5, 6);
        batch.submit();
        assertThat(MulticallEntry.resultAcquire(back.takeRequest(), 0)).isEqualTo(CallMarker.HANDED_OVER);
        MulticallEntry.resultRelease(back.claimResponse(), 0, 0);
        back.pushResponses();
        assertThat(batch.poll()).isTrue();
        batch.clear();
        batch.add(77, 1, 2, 3, 4, 5, 6);
        batch.add(77, 1, 2, 3, 4, 5, 6);
        batch.submit();
        for (int i = 0; i < 2; i++) {
            assertThat(MulticallEntry.resultAcquire(back.takeRequest(), 0)).isEqualTo(Long.MIN_VALUE);
        }
        ring.send(3);
        assertThat(MulticallEntry.resultAcquire(back.takeRequest(), 0)).isEqualTo(CallMarker.HANDED_OVER);
    }
}
