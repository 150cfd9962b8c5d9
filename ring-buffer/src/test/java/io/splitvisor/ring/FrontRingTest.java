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
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class FrontRingTest {
    private final MemorySegment ring = XenRings.page();
    private final FrontRing front = FrontRing.init(ring, BLKIF_SLOT);

    @Test
    void shouldHandOutEverySlotOnceAndThenBeFull() {
        for (int i = 0; i < 32; i++) {
            assertThat(front.freeRequests()).isEqualTo(32 - i);
            assertThat(XenRings.offset(ring, front.claimRequest())).isEqualTo(64 + i * 112L);
        }
        assertThat(front.isFull()).isTrue();
        assertThat(word(ring, REQ_PROD)).as("claimed is not published").isZero();
    }

    @Test
    void shouldReuseTheFirstSlotAfterItsResponseWasTaken() {
        for (int i = 0; i < 32; i++) {
            front.claimRequest();
        }
        front.pushRequests();
        word(ring, RSP_PROD, 1);
        assertThat(front.unconsumedResponses()).isOne();
        assertThat(XenRings.offset(ring, front.takeResponse())).isEqualTo(64);
        assertThat(front.freeRequests()).isOne();
        assertThat(XenRings.offset(ring, front.claimRequest())).isEqualTo(64);
    }

    @Test
    void shouldNotifyForTheFirstRequestOfAFreshRingOnly() {
        front.claimRequest();
        assertThat(front.pushRequestsAndCheckNotify()).isTrue();
        front.claimRequest();
        assertThat(front.pushRequestsAndCheckNotify())
                .as("the back end has not armed its event again")
                .isFalse();
        word(ring, REQ_EVENT, 3);
        front.claimRequest();
        assertThat(front.pushRequestsAndCheckNotify()).isTrue();
    }

    @Test
    void shouldNotBelieveTheSharedProducerWordAboutWhatItPublished() {
        front.claimRequest();
        front.pushRequests();
        // A hostile back end scribbles over the front end's own index; the interval stays (1, 2].
        word(ring, REQ_PROD, 77);
        word(ring, REQ_EVENT, 2);
        front.claimRequest();
        assertThat(front.pushRequestsAndCheckNotify()).isTrue();
        assertThat(word(ring, REQ_PROD)).isEqualTo(2);
    }

    @Test
    void shouldArmTheEventBehindTheLastResponseTaken() {
        assertThat(front.finalCheckForResponses()).isZero();
        assertThat(word(ring, RSP_EVENT)).isOne();
        word(ring, RSP_PROD, 2);
        assertThat(front.finalCheckForResponses()).isEqualTo(2);
        assertThat(word(ring, RSP_EVENT)).isOne();
        front.takeResponse();
        front.takeResponse();
        assertThat(front.finalCheckForResponses()).isZero();
        assertThat(word(ring, RSP_EVENT)).isEqualTo(3);
    }

    @Test
    void b21_shouldSeeMoreResponsesThanTheRingHolds() {
        word(ring, RSP_PROD, 32);
        assertThat(front.responseOverflow()).isFalse();
        word(ring, RSP_PROD, 33);
        assertThat(front.responseOverflow()).isTrue();
        word(ring, RSP_PROD, -1);
        assertThat(front.responseOverflow()).as("the producer went backwards").isTrue();
    }

    @Test
    void b21_shouldTellOverflowAndCountFromOneLook() {
        word(ring, RSP_PROD, 32);
        assertThat(front.takeableResponses()).isEqualTo(32);
        word(ring, RSP_PROD, 33);
        assertThat(front.takeableResponses()).isEqualTo(FrontRing.OVERFLOW);
        word(ring, RSP_PROD, -1);
        assertThat(front.takeableResponses()).isEqualTo(FrontRing.OVERFLOW);
    }

    @Test
    void shouldStayInsideTheRingWhateverTheBackEndPublishes() {
        word(ring, RSP_PROD, 1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(XenRings.offset(ring, front.takeResponse())).isBetween(64L, PAGE - 112L);
        }
    }

    @Test
    void shouldRefuseMemoryWithoutASlot() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrontRing.attach(XenRings.memory(64 + 111), BLKIF_SLOT, 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> FrontRing.attach(ring, 0, 0, 0));
        assertThat(FrontRing.attach(XenRings.memory(64 + 112), BLKIF_SLOT, 0, 0).slots())
                .isOne();
    }
}
