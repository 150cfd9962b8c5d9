// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A front and a back end take random turns over rings of random geometry whose indices start anywhere, most often just
 * before the wrap at 2^32. Two queues say what should come out. Every run can be repeated from its seed.
 */
class XenRingPropertyTest {
    private static final int[] SLOT_BYTES = {4, 8, 12, 16, 64, 112, 148, 252, 400};
    private static final int[] PAGES = {1, 2, 4, 8, 16, 32};

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233})
    void shouldDeliverEverythingInOrderAcrossTheWrap(long seed) {
        Random random = new Random(seed);
        int slotBytes = SLOT_BYTES[random.nextInt(SLOT_BYTES.length)];
        int pages = PAGES[random.nextInt(PAGES.length)];
        MemorySegment ring = XenRings.memory((long) pages * XenRings.PAGE);
        SharedRing.init(ring);
        int slots = SharedRing.slots(ring.byteSize(), slotBytes);
        int start = random.nextInt(4) == 0 ? random.nextInt() : -random.nextInt(4 * slots);
        XenRings.word(ring, XenRings.REQ_PROD, start);
        XenRings.word(ring, XenRings.RSP_PROD, start);
        new Exchange(
                        random,
                        FrontRing.attach(ring, slotBytes, start, start),
                        BackRing.attach(ring, slotBytes, start, start))
                .run(Math.max(20_000, 6 * slots));
    }

    /** One seeded run. Requests carry consecutive numbers, a response the complement of its request's. */
    private static final class Exchange {
        private final Random random;
        private final FrontRing front;
        private final BackRing back;
        private final ArrayDeque<Integer> published = new ArrayDeque<>();
        private final ArrayDeque<Integer> taken = new ArrayDeque<>();
        private final ArrayDeque<Integer> answered = new ArrayDeque<>();
        private int next;
        private boolean backSleeps;
        private boolean frontSleeps;

        Exchange(Random random, FrontRing front, BackRing back) {
            this.random = random;
            this.front = front;
            this.back = back;
        }

        void run(int requests) {
            while (next < requests) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> produce();
                    case 2 -> consume();
                    case 3 -> answer();
                    case 4 -> collect();
                    default -> sleep();
                }
                assertThat(front.responseOverflow()).isFalse();
                assertThat(back.requestOverflow()).isFalse();
                assertThat(front.freeRequests())
                        .isEqualTo(front.slots() - published.size() - taken.size() - answered.size());
            }
        }

        private void produce() {
            int count = Math.min(front.freeRequests(), 1 + random.nextInt(front.slots()));
            for (int i = 0; i < count; i++) {
                front.claimRequest().set(ValueLayout.JAVA_INT, 0, next);
                published.add(next++);
            }
            boolean notify = front.pushRequestsAndCheckNotify();
            if (backSleeps && count > 0) {
                assertThat(notify).as("a sleeping back end is told").isTrue();
            }
            backSleeps &= !notify;
        }

        private void consume() {
            int count = random.nextInt(back.unconsumedRequests() + 1);
            assertThat(back.unconsumedRequests()).isEqualTo(published.size());
            for (int i = 0; i < count; i++) {
                int number = back.takeRequest().get(ValueLayout.JAVA_INT, 0);
                assertThat(number).isEqualTo(published.remove());
                taken.add(number);
            }
        }

        private void answer() {
            int count = random.nextInt(taken.size() + 1);
            for (int i = 0; i < count; i++) {
                int number = taken.remove();
                back.claimResponse().set(ValueLayout.JAVA_INT, 0, ~number);
                answered.add(~number);
            }
            boolean notify = back.pushResponsesAndCheckNotify();
            if (frontSleeps && count > 0) {
                assertThat(notify).as("a sleeping front end is told").isTrue();
            }
            frontSleeps &= !notify;
        }

        private void collect() {
            assertThat(front.unconsumedResponses()).isEqualTo(answered.size());
            int count = random.nextInt(answered.size() + 1);
            for (int i = 0; i < count; i++) {
                assertThat(front.takeResponse().get(ValueLayout.JAVA_INT, 0)).isEqualTo(answered.remove());
            }
        }

        private void sleep() {
            // Final check, then asleep: from here on the next publication must ask for a notification.
            backSleeps |= back.finalCheckForRequests() == 0;
            frontSleeps |= front.finalCheckForResponses() == 0;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 77, 777})
    void shouldNeverLeaveTheRingUnderAHostilePeer(long seed) {
        Random random = new Random(seed);
        MemorySegment ring = XenRings.page();
        FrontRing front = FrontRing.init(ring, XenRings.BLKIF_SLOT);
        BackRing back = BackRing.init(ring, XenRings.BLKIF_SLOT);
        for (int i = 0; i < 50_000; i++) {
            XenRings.word(ring, 4 * random.nextInt(16), random.nextInt());
            int requests = back.unconsumedRequests();
            assertThat(requests).isBetween(0, back.slots());
            assertThat(back.takeableRequests()).isEqualTo(back.requestOverflow() ? BackRing.OVERFLOW : requests);
            assertThat(front.takeableResponses())
                    .isEqualTo(front.responseOverflow() ? FrontRing.OVERFLOW : front.unconsumedResponses());
            for (int r = 0; r < requests; r++) {
                assertInside(ring, back.takeRequest());
                assertInside(ring, back.claimResponse());
            }
            back.pushResponsesAndCheckNotify();
            if (!front.responseOverflow()) {
                assertInside(ring, front.takeResponse());
            }
            assertInside(ring, front.claimRequest());
            front.pushRequestsAndCheckNotify();
            back.finalCheckForRequests();
            front.finalCheckForResponses();
        }
    }

    private static void assertInside(MemorySegment ring, MemorySegment slot) {
        long offset = XenRings.offset(ring, slot);
        if (offset < 64 || offset + slot.byteSize() > XenRings.PAGE || (offset - 64) % XenRings.BLKIF_SLOT != 0) {
            throw new AssertionError("slot at " + offset);
        }
    }
}
