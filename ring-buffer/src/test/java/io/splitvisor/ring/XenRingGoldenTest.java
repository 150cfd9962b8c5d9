// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static io.splitvisor.ring.XenRings.BLKIF_SLOT;
import static io.splitvisor.ring.XenRings.PAGE;
import static io.splitvisor.ring.XenRings.REQ_EVENT;
import static io.splitvisor.ring.XenRings.REQ_PROD;
import static io.splitvisor.ring.XenRings.RSP_EVENT;
import static io.splitvisor.ring.XenRings.RSP_PROD;
import static io.splitvisor.ring.XenRings.u32;
import static io.splitvisor.ring.XenRings.word;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Holds the rings against what the macros of Xen's io/ring.h answered when they ran. */
class XenRingGoldenTest {
    static Stream<JsonNode> rings() {
        return XenRings.FACTS.get("rings").values().stream();
    }

    static Stream<JsonNode> pushAndCheckNotify() {
        return XenRings.vectors("push_and_check_notify");
    }

    static Stream<JsonNode> finalCheckForRequests() {
        return XenRings.vectors("final_check_for_requests");
    }

    static Stream<JsonNode> finalCheckForResponses() {
        return XenRings.vectors("final_check_for_responses");
    }

    static Stream<JsonNode> overflow() {
        return XenRings.vectors("overflow");
    }

    static Stream<JsonNode> freeRequests() {
        return XenRings.vectors("free_requests");
    }

    static Stream<JsonNode> flexQueued() {
        return XenRings.vectors("flex_queued");
    }

    @ParameterizedTest
    @MethodSource("rings")
    void shouldCountSlotsAsRingSizeDoes(JsonNode ring) {
        int entry = ring.get("entry").asInt();
        assertThat(SharedRing.HEADER_BYTES).isEqualTo(ring.get("header").asInt());
        assertThat(Math.max(ring.get("request").asInt(), ring.get("response").asInt()))
                .isEqualTo(entry);
        ring.get("slots").properties().forEach(pages -> assertThat(
                        SharedRing.slots(Long.parseLong(pages.getKey()) * PAGE, entry))
                .as("%s pages of %d-byte slots", pages.getKey(), entry)
                .isEqualTo(pages.getValue().asInt()));
    }

    @Test
    void shouldInitialiseAsSharedRingInitDoes() {
        JsonNode expected = XenRings.FACTS.get("vectors").get("init");
        MemorySegment ring = XenRings.page();
        ring.fill((byte) 0xA5);
        FrontRing front = FrontRing.init(ring, BLKIF_SLOT);
        BackRing back = BackRing.init(ring, BLKIF_SLOT);
        assertThat(word(ring, REQ_PROD)).isEqualTo(u32(expected, "req_prod"));
        assertThat(word(ring, REQ_EVENT)).isEqualTo(u32(expected, "req_event"));
        assertThat(word(ring, RSP_PROD)).isEqualTo(u32(expected, "rsp_prod"));
        assertThat(word(ring, RSP_EVENT)).isEqualTo(u32(expected, "rsp_event"));
        assertThat(expected.get("bytes_16_to_63_zeroed").asInt()).isOne();
        assertThat(ring.asSlice(16, 48).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertThat(expected.get("slots_left_untouched").asInt()).isOne();
        assertThat(ring.asSlice(64).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0xA5);
        assertThat(front.reqProdPvt()).isEqualTo(u32(expected, "front_req_prod_pvt"));
        assertThat(front.rspCons()).isEqualTo(u32(expected, "front_rsp_cons"));
        assertThat(back.rspProdPvt()).isEqualTo(u32(expected, "back_rsp_prod_pvt"));
        assertThat(back.reqCons()).isEqualTo(u32(expected, "back_req_cons"));
    }

    @ParameterizedTest
    @MethodSource("pushAndCheckNotify")
    void shouldNotifyOfRequestsAsTheMacroDoes(JsonNode row) {
        int old = u32(row, "old");
        MemorySegment ring = XenRings.page();
        word(ring, REQ_PROD, old);
        word(ring, REQ_EVENT, u32(row, "event"));
        FrontRing front = FrontRing.attach(ring, BLKIF_SLOT, old, old);
        while (front.reqProdPvt() != u32(row, "new")) {
            front.claimRequest();
        }
        assertThat(word(ring, REQ_PROD)).isEqualTo(old);
        assertThat(front.pushRequestsAndCheckNotify())
                .isEqualTo(row.get("notify").asBoolean());
        assertThat(word(ring, REQ_PROD)).isEqualTo(u32(row, "new"));
    }

    @ParameterizedTest
    @MethodSource("pushAndCheckNotify")
    void shouldNotifyOfResponsesAsTheMacroDoes(JsonNode row) {
        int old = u32(row, "old");
        MemorySegment ring = XenRings.page();
        word(ring, RSP_PROD, old);
        word(ring, RSP_EVENT, u32(row, "event"));
        BackRing back = BackRing.attach(ring, BLKIF_SLOT, old, u32(row, "new"));
        while (back.rspProdPvt() != u32(row, "new")) {
            back.claimResponse();
        }
        assertThat(word(ring, RSP_PROD)).isEqualTo(old);
        assertThat(back.unpushedResponses()).isEqualTo(u32(row, "new") - old);
        assertThat(back.pushResponsesAndCheckNotify())
                .isEqualTo(row.get("notify").asBoolean());
        assertThat(word(ring, RSP_PROD)).isEqualTo(u32(row, "new"));
        assertThat(back.unpushedResponses()).isZero();
    }

    @ParameterizedTest
    @MethodSource("finalCheckForRequests")
    void shouldCheckForRequestsAsTheMacroDoes(JsonNode row) {
        MemorySegment ring = XenRings.page();
        word(ring, REQ_PROD, u32(row, "req_prod"));
        word(ring, REQ_EVENT, u32(row, "req_event"));
        BackRing back = BackRing.attach(ring, BLKIF_SLOT, u32(row, "rsp_prod_pvt"), u32(row, "req_cons"));
        assertThat(back.slots()).isEqualTo(row.get("size").asInt());
        assertThat(back.finalCheckForRequests()).isEqualTo(u32(row, "work"));
        assertThat(word(ring, REQ_EVENT)).isEqualTo(u32(row, "req_event_after"));
        assertThat(back.unconsumedRequests()).isEqualTo(u32(row, "work"));
    }

    @ParameterizedTest
    @MethodSource("finalCheckForResponses")
    void shouldCheckForResponsesAsTheMacroDoes(JsonNode row) {
        MemorySegment ring = XenRings.page();
        int cons = u32(row, "rsp_cons");
        word(ring, RSP_PROD, u32(row, "rsp_prod"));
        word(ring, RSP_EVENT, u32(row, "rsp_event"));
        FrontRing front = FrontRing.attach(ring, BLKIF_SLOT, cons, cons);
        assertThat(front.finalCheckForResponses()).isEqualTo(u32(row, "work"));
        assertThat(word(ring, RSP_EVENT)).isEqualTo(u32(row, "rsp_event_after"));
        assertThat(front.unconsumedResponses()).isEqualTo(u32(row, "work"));
    }

    @ParameterizedTest
    @MethodSource("overflow")
    void shouldSeeOverflowsAsTheMacrosDo(JsonNode row) {
        MemorySegment ring = XenRings.page();
        int index = u32(row, "index");
        int pvt = u32(row, "pvt");
        word(ring, REQ_PROD, index);
        word(ring, RSP_PROD, index);
        BackRing back = BackRing.attach(ring, BLKIF_SLOT, pvt, index);
        FrontRing front = FrontRing.attach(ring, BLKIF_SLOT, pvt, pvt);
        assertThat(back.slots()).isEqualTo(row.get("size").asInt());
        assertThat(back.consumerOverflow())
                .isEqualTo(row.get("request_cons_overflow").asBoolean());
        assertThat(back.requestOverflow())
                .isEqualTo(row.get("request_prod_overflow").asBoolean());
        assertThat(front.responseOverflow())
                .isEqualTo(row.get("response_prod_overflow").asBoolean());
    }

    @ParameterizedTest
    @MethodSource("freeRequests")
    void shouldCountFreeRequestsAsTheMacroDoes(JsonNode row) {
        FrontRing front = FrontRing.attach(XenRings.page(), BLKIF_SLOT, u32(row, "req_prod_pvt"), u32(row, "rsp_cons"));
        assertThat(front.slots()).isEqualTo(row.get("size").asInt());
        assertThat(front.freeRequests()).isEqualTo(row.get("free").asInt());
        assertThat(front.isFull()).isEqualTo(row.get("full").asBoolean());
    }

    @ParameterizedTest
    @MethodSource("flexQueued")
    void shouldCountAndMaskBytesAsFlexRingsDo(JsonNode row) {
        int size = row.get("ring_size").asInt();
        int queued = row.get("queued").asInt();
        MemorySegment memory = XenRings.memory(size + 8);
        word(memory, size, u32(row, "cons"));
        word(memory, size + 4, u32(row, "prod"));
        ByteRing ring = new ByteRing(memory, 0, size, size, size + 4);
        assertThat(ring.readable()).isEqualTo(queued);
        assertThat(ring.writable()).isEqualTo(size - queued);
        if (queued < size) {
            assertThat(ring.write(new byte[] {42}, 0, 1)).isOne();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, row.get("masked_prod").asInt()))
                    .isEqualTo((byte) 42);
        }
    }
}
