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

    private final Random random = new Random(Long.getLong("seed", 4));
    private final MemorySegment memory = Arena.ofAuto().allocate(64 + 16 * 16, 64);
    private final FrontRing front = FrontRing.init(memory, PROTOCOL.slotSize());
    private final BackRing back = BackRing.init(memory, PROTOCOL.slotSize());
    private final List<SlotRequest> inFlight = new ArrayList<>();
    private long published;
    private long taken;

    private void publish() {
        for (int i = random.nextInt(front.freeRequests() + 1); i > 0; i--) {
            MemorySegment slot = front.claimRequest();
            ID.set(slot, 0, published);
            NUMBER.set(slot, 0, ~published);
            published++;
        }
        front.pushRequests();
    }

    private void take(RequestPool pool) {
        for (int i = random.nextInt(back.takeableRequests() + 1); i > 0; i--) {
            SlotRequest request = pool.take(back);
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

    @Test
    void shouldHaveEachRequestOnceAndUnchangedInWhateverOrderTheyAreAnswered() {
        RequestPool pool = new RequestPool(null, PROTOCOL, SlotLayout.of(PROTOCOL), back.slots());
        for (int round = 0; round < ROUNDS; round++) {
            publish();
            take(pool);
            answer(pool);
            assertThat(pool.inFlight()).isEqualTo(inFlight.size());
        }
        assertThat(taken).isGreaterThan(ROUNDS / 4);
    }
}
