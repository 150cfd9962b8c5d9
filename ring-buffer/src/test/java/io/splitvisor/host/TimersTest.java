// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

/** {@link TimerFd} and {@link CycleCounter}. */
class TimersTest {
    @Test
    void shouldBecomeReadableAtItsTimeAndNotBefore() {
        try (TimerFd timer = new TimerFd();
                Poll poll = new Poll(timer.fd())) {
            assertThat(poll.await(0)).isZero();
            long at = System.nanoTime() + 3_000_000;
            timer.set(at);
            assertThat(poll.await(10_000)).isEqualTo(1);
            assertThat(System.nanoTime()).isGreaterThanOrEqualTo(at);
            timer.set(System.nanoTime() + 3_600_000_000_000L);
            assertThat(poll.await(0)).as("set anew").isZero();
            timer.set(Long.MIN_VALUE);
            assertThat(poll.await(10_000)).as("a time that has passed").isEqualTo(1);
            timer.set(Long.MAX_VALUE);
            assertThat(poll.await(0)).isZero();
        }
    }

    @Test
    void shouldCountCyclesForwards() {
        assumeTrue(CycleCounter.find().isPresent(), "needs an x86-64 processor");
        CycleCounter counter = CycleCounter.find().orElseThrow();
        long before = counter.read();
        long start = System.nanoTime();
        while (System.nanoTime() - start < 1_000_000) {
            Thread.onSpinWait();
        }
        // Between 0.1 and 10 cycles a nanosecond, whatever the processor.
        assertThat(counter.read() - before).isBetween(100_000L, 10_000_000_000L);
    }
}
