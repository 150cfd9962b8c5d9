// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private final Patience patience = new Patience();

    @BeforeEach
    void needsTwoProcessors() {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "spins only with two processors");
    }

    /** So many waits, of which this share ends while spinning. */
    private void waits(int count, double rewarded) {
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() < rewarded) {
                patience.rewarded();
            } else {
                patience.disappointed();
            }
        }
    }

    @Test
    void shouldSpinForLongWhileMostWaitsAreShort() {
        waits(200, 0.9);
        assertThat(patience.turns()).isGreaterThan(Patience.MOST / 2);
    }

    @Test
    void shouldHardlySpinWhileMostAreLong() {
        waits(200, 0.2);
        assertThat(patience.turns()).isLessThan(100);
        waits(100, 0);
        assertThat(patience.turns()).isEqualTo(Patience.LEAST);
    }

    @Test
    void shouldLearnFromSleepsThatWereShort() {
        waits(100, 0);
        for (int i = 0; i < 20; i++) {
            patience.disappointed();
            patience.slept(100_000);
        }
        assertThat(patience.turns()).isGreaterThan(Patience.MOST / 2);
        for (int i = 0; i < 40; i++) {
            patience.disappointed();
            patience.slept(1_000_000);
        }
        assertThat(patience.turns()).isEqualTo(Patience.LEAST);
    }
}
