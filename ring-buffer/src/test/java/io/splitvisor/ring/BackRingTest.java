// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static io.splitvisor.ring.XenRings.BLKIF_SLOT;
import static io.splitvisor.ring.XenRings.PAGE;
import static io.splitvisor.ring.XenRings.REQ_EVENT;
import static io.splitvisor.ring.XenRings.REQ_PROD;
import static io.splitvisor.ring.XenRings.RSP_EVENT;
import static io.splitvisor.ring.XenRings.RSP_PROD;
import static io.splitvisor.ring.XenRings.word;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackRingTest {
    private final MemorySegment ring = XenRings.page();
    private BackRing back;

    @BeforeEach
    void attach() {
        SharedRing.init(ring);
        back = BackRing.init(ring, BLKIF_SLOT);
    }

    @Test
    void shouldCopyTheWholeSlotOnce() {
        MemorySegment slot = ring.asSlice(64, BLKIF_SLOT);
        for (int i = 0; i < BLKIF_SLOT; i++) {
            slot.set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
        }
        word(ring, REQ_PROD, 1);
        MemorySegment copy = XenRings.memory(BLKIF_SLOT + 8);
        back.copyRequest(copy);
        slot.fill((byte) 0);
        for (int i = 0; i < BLKIF_SLOT; i++) {
            assertThat(copy.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (i + 1));
        }
        assertThat(copy.get(ValueLayout.JAVA_LONG, BLKIF_SLOT))
                .as("nothing behind it")
                .isZero();
        assertThat(back.reqCons()).isOne();
    }

    @Test
    void shouldCopyManySlotsInTheirOrderAcrossTheEndOfTheRing() {
        back = BackRing.attach(ring, BLKIF_SLOT, 30, 30);
        for (int i = 0; i < 32; i++) {
            ring.set(ValueLayout.JAVA_INT, 64 + i * 112L, 1000 + i);
            ring.set(ValueLayout.JAVA_INT, 64 + i * 112L + 108, 2000 + i);
        }
        word(ring, REQ_PROD, 35);
        MemorySegment copy = XenRings.memory(6 * BLKIF_SLOT);
        back.copyRequests(copy, back.takeableRequests());
        int[] expected = {30, 31, 0, 1, 2};
        for (int i = 0; i < expected.length; i++) {
            assertThat(copy.get(ValueLayout.JAVA_INT, (long) i * BLKIF_SLOT)).isEqualTo(1000 + expected[i]);
            assertThat(copy.get(ValueLayout.JAVA_INT, (long) i * BLKIF_SLOT + 108))
                    .isEqualTo(2000 + expected[i]);
        }
        assertThat(copy.get(ValueLayout.JAVA_INT, 5L * BLKIF_SLOT))
                .as("nothing behind them")
                .isZero();
        assertThat(back.reqCons()).isEqualTo(35);
        assertThat(back.takeableRequests()).isZero();
    }

    @Test
    void b1_shouldTellOverflowAndCountFromOneLook() {
        word(ring, REQ_PROD, 32);
        assertThat(back.takeableRequests()).isEqualTo(32);
        word(ring, REQ_PROD, 33);
        assertThat(back.takeableRequests()).isEqualTo(BackRing.OVERFLOW);
        word(ring, REQ_PROD, -1);
        assertThat(back.takeableRequests()).isEqualTo(BackRing.OVERFLOW);
    }

    @Test
    void shouldNeverReportMoreRequestsThanItCanOweResponses() {
        word(ring, REQ_PROD, 1000);
        assertThat(back.unconsumedRequests()).isEqualTo(32);
        for (int i = 0; i < 32; i++) {
            assertThat(back.consumerOverflow()).isFalse();
            back.takeRequest();
        }
        assertThat(back.unconsumedRequests()).isZero();
        assertThat(back.consumerOverflow()).isTrue();
        back.claimResponse();
        assertThat(back.unconsumedRequests())
                .as("an answered slot may carry the next request")
                .isOne();
    }

    @Test
    void b1_shouldSeeMoreRequestsThanTheRingHolds() {
        word(ring, REQ_PROD, 32);
        assertThat(back.requestOverflow()).isFalse();
        word(ring, REQ_PROD, 33);
        assertThat(back.requestOverflow()).isTrue();
        word(ring, REQ_PROD, -1);
        assertThat(back.requestOverflow()).as("the producer went backwards").isTrue();
    }

    @Test
    void shouldStayInsideTheRingWhateverTheFrontEndPublishes() {
        word(ring, REQ_PROD, -1);
        for (int i = 0; i < 1000; i++) {
            assertThat(XenRings.offset(ring, back.takeRequest())).isBetween(64L, PAGE - 112L);
            assertThat(XenRings.offset(ring, back.claimResponse())).isBetween(64L, PAGE - 112L);
        }
    }

    @Test
    void shouldNotifyOnlyWhoAskedForIt() {
        word(ring, REQ_PROD, 3);
        back.takeRequest();
        back.claimResponse();
        assertThat(back.pushResponsesAndCheckNotify()).isTrue();
        back.takeRequest();
        back.claimResponse();
        assertThat(back.pushResponsesAndCheckNotify()).isFalse();
        word(ring, RSP_EVENT, 3);
        back.takeRequest();
        back.claimResponse();
        assertThat(back.pushResponsesAndCheckNotify()).isTrue();
        assertThat(back.pushResponsesAndCheckNotify())
                .as("nothing new, nobody to tell")
                .isFalse();
    }

    @Test
    void shouldNotBelieveTheSharedProducerWordAboutWhatItPublished() {
        word(ring, REQ_PROD, 1);
        back.takeRequest();
        back.claimResponse();
        // A hostile front end scribbles over the back end's own index; the interval stays (0, 1].
        word(ring, RSP_PROD, 99);
        assertThat(back.pushResponsesAndCheckNotify()).isTrue();
        assertThat(word(ring, RSP_PROD)).isOne();
    }

    @Test
    void shouldCountAPlainPushAsPublished() {
        word(ring, REQ_PROD, 2);
        back.takeRequest();
        back.claimResponse();
        back.pushResponses();
        assertThat(word(ring, RSP_PROD)).isOne();
        back.takeRequest();
        back.claimResponse();
        assertThat(back.pushResponsesAndCheckNotify())
                .as("rsp_event 1 lies before (1, 2]")
                .isFalse();
    }

    @Test
    void shouldServeUnansweredRequestsAgainAfterResuming() {
        word(ring, REQ_PROD, 7);
        word(ring, RSP_PROD, 4);
        BackRing resumed = BackRing.resume(ring, BLKIF_SLOT);
        assertThat(resumed.unconsumedRequests()).isEqualTo(3);
        assertThat(XenRings.offset(ring, resumed.takeRequest())).isEqualTo(64 + 4 * 112L);
        assertThat(resumed.requestOverflow()).isFalse();
        word(ring, REQ_PROD, 37);
        assertThat(resumed.requestOverflow()).isTrue();
    }

    @Test
    void shouldArmTheEventBehindTheLastRequestTaken() {
        word(ring, REQ_PROD, 1);
        assertThat(back.finalCheckForRequests()).isOne();
        back.takeRequest();
        back.claimResponse();
        assertThat(back.finalCheckForRequests()).isZero();
        assertThat(word(ring, REQ_EVENT)).isEqualTo(2);
    }

    @Test
    void shouldLetTheIndexBeOneBehindARequestThatWasTakenEarly() {
        word(ring, REQ_PROD, 1);
        assertThat(back.takeableRequests()).isOne();
        back.takeRequest();
        back.claimResponse();
        back.requestIsThere();
        back.takeRequest();
        assertThat(back.takeableRequests()).as("with its response owed").isZero();
        assertThat(back.unconsumedRequests()).isZero();
        back.claimResponse();
        assertThat(back.takeableRequests()).as("and answered").isZero();
        assertThat(back.finalCheckForRequests()).isZero();
        assertThat(word(ring, REQ_EVENT)).as("beyond what was taken").isEqualTo(3);
        word(ring, REQ_PROD, 2);
        assertThat(back.takeableRequests()).isZero();
        word(ring, REQ_PROD, 3);
        assertThat(back.takeableRequests()).isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 35, 1000, Integer.MIN_VALUE})
    void b1_shouldSeeAnIndexThatLiesAfterARequestWasTakenEarly(int published) {
        back.requestIsThere();
        back.takeRequest();
        back.claimResponse();
        back.requestIsThere();
        back.takeRequest();
        back.claimResponse();
        assertThat(back.takeableRequests()).as("two behind").isEqualTo(BackRing.OVERFLOW);
        word(ring, REQ_PROD, published);
        assertThat(back.takeableRequests()).isEqualTo(BackRing.OVERFLOW);
        assertThat(back.requestOverflow()).isTrue();
    }

    @Test
    void b1_shouldNotLetTheIndexGoBackAfterItHasCaughtUp() {
        back.requestIsThere();
        back.takeRequest();
        back.claimResponse();
        word(ring, REQ_PROD, 1);
        assertThat(back.takeableRequests()).isZero();
        word(ring, REQ_PROD, 0);
        assertThat(back.takeableRequests()).isEqualTo(BackRing.OVERFLOW);
    }
}
