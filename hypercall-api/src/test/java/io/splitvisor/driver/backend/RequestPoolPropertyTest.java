// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import io.splitvisor.driver.Verdict;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPoolPropertyTest {
    private static final Struct.Builder REQUESTS = Struct.named("pool_request");
    private static final Field.U64 ID = REQUESTS.u64("id");
    private static final Field.U64 NUMBER = REQUESTS.u64("number");
    private static final Struct.Builder RESPONSES = Struct.named("pool_response");
    private static final Field.U64 RESPONSE_ID = RESPONSES.u64("id");
    private static final Field.I32 STATUS = RESPONSES.i32("status");
    private static final Field.U32 VALUE = RESPONSES.u32("value");
    private static final int OKAY = 7;
    private static final Protocol PROTOCOL = Protocol.of("pool")
            .request(REQUESTS.end())
            .response(RESPONSES.end())
            .id(ID, RESPONSE_ID)
            .status(STATUS, OKAY, -1, -2)
            .build();
    private static final int ROUNDS = 20_000;

    /** A layout of its own, so that requests are copied one by one. */
    private record OtherLayout(SlotLayout same) implements SlotLayout {
        @Override
        public int slotSize() {
            return same.slotSize();
        }

        @Override
        public void copyRequest(MemorySegment ring, long slot, MemorySegment request, long at) {
            same.copyRequest(ring, slot, request, at);
        }
    }

    private final Random random = new Random(Long.getLong("seed", 4));
    private final MemorySegment memory = Arena.ofAuto().allocate(64 + 16 * 16, 64);
    private final FrontRing front = FrontRing.init(memory, PROTOCOL.slotSize());
    private final BackRing back = BackRing.init(memory, PROTOCOL.slotSize());
    private final List<SlotRequest> inFlight = new ArrayList<>();
    private long published;
    private long taken;

    private void publish() {
        for (int i = random.nextInt(front.freeRequests() + 1); i > 0; i--) {
            long at = front.claimRequest();
            ID.set(memory, at, published);
            NUMBER.set(memory, at, ~published);
            published++;
        }
        front.pushRequests();
    }

    /** Takes some of what is fetched, as a queue does that has to stop for a request that wants to be alone. */
    private void take(RequestPool pool) {
        int available = back.takeableRequests();
        if (available == 0) {
            return;
        }
        int fetched = pool.fetch(back, available);
        assertThat(fetched).isBetween(1, available);
        for (int i = random.nextInt(fetched + 1); i > 0; i--) {
            back.takeRequest();
            SlotRequest request = pool.take();
            assertThat(request.begin()).isEqualTo(Verdict.OKAY);
            assertThat(request.get(ID)).isEqualTo(taken);
            assertThat(request.get(NUMBER)).isEqualTo(~taken);
            assertThat(STATUS.get(request.response(), 0)).isEqualTo(OKAY);
            assertThat(VALUE.get(request.response(), 0)).isZero();
            request.set(VALUE, -1);
            request.set(STATUS, -1);
            inFlight.add(request);
            taken++;
        }
    }

    private void answer(RequestPool pool) {
        for (int i = random.nextInt(inFlight.size() + 1); i > 0; i--) {
            pool.giveBack(inFlight.remove(random.nextInt(inFlight.size())));
            back.claimResponse();
        }
        back.pushResponses();
        while (front.takeableResponses() > 0) {
            front.takeResponse();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldHaveEachRequestOnceAndUnchangedInWhateverOrderTheyAreAnswered(boolean together) {
        SlotLayout declared = SlotLayout.of(PROTOCOL);
        SlotLayout layout = together ? declared : new OtherLayout(declared);
        RequestPool pool = new RequestPool(null, PROTOCOL, layout, back.slots(), Arena.ofAuto());
        for (int round = 0; round < ROUNDS; round++) {
            publish();
            take(pool);
            answer(pool);
            assertThat(pool.inFlight()).isEqualTo(inFlight.size());
        }
        assertThat(taken).isGreaterThan(ROUNDS / 4);
    }

    @Test
    void shouldFetchTogetherWhatWasPublishedTogetherWhileAnswersKeepTheOrder() {
        RequestPool pool = new RequestPool(null, PROTOCOL, SlotLayout.of(PROTOCOL), back.slots(), Arena.ofAuto());
        for (int i = 0; i < back.slots(); i++) {
            front.claimRequest();
        }
        front.pushRequests();
        assertThat(pool.fetch(back, back.takeableRequests())).isEqualTo(back.slots());
    }
}
