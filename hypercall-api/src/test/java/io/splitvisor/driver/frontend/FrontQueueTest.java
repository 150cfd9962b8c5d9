// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.io.Blkif;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrontQueueTest {
    /** Says that it is over, and may be at fault. */
    private static final class Told extends RingCall {
        private final int number;
        private final List<Integer> told;

        private Told(int number, List<Integer> told) {
            this.number = number;
            this.told = told;
        }

        @Override
        protected void put(MemorySegment ring, long at, Link link) {
            throw new AssertionError("there is no ring");
        }

        @Override
        protected boolean take(MemorySegment ring, long at) {
            throw new AssertionError("there is no ring");
        }

        @Override
        protected void completed() {
            told.add(number);
            if (number == 1) {
                throw new IllegalStateException("a callback at fault");
            }
        }
    }

    @Test
    void shouldTellAllThatTheDeviceIsGoneThoughOneOfThemThrows() {
        FrontQueue queue = new FrontQueue(Blkif.PROTOCOL, 0, 10, _ -> {});
        List<Integer> told = new ArrayList<>();
        List<RingCall> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(new Told(i, told));
        }
        calls.forEach(queue::submit);
        assertThatThrownBy(queue::close).hasMessage("a callback at fault");
        assertThat(told).containsExactly(0, 1, 2, 3, 4);
        assertThat(calls)
                .allMatch(RingCall::isDone)
                .extracting(RingCall::outcome)
                .containsOnly(RingCall.Outcome.GONE);
    }
}
