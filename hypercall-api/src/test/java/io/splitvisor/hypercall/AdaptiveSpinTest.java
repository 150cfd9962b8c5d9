// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdaptiveSpinTest {
    @BeforeEach
    void needsTwoProcessors() {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "spins only with two processors");
    }

    @Test
    void shouldHardlySpinWhenItNeverHelps() {
        AdaptiveSpin spin = new AdaptiveSpin(1000);
        for (int i = 0; i < 100; i++) {
            spin.failed();
        }
        assertThat(spin.limit()).isEqualTo(16);
    }

    @Test
    void shouldSettleAtTwiceWhatWaitsTake() {
        AdaptiveSpin spin = new AdaptiveSpin(1000);
        for (int i = 0; i < 100; i++) {
            spin.succeeded(100);
        }
        assertThat(spin.limit()).isBetween(200, 250);
    }

    /** As with pieces that come at one rate, and are looked for at any moment in between. */
    @Test
    void shouldCoverTheLongestOfTheUsualWaits() {
        AdaptiveSpin spin = new AdaptiveSpin(1000);
        Random random = new Random(1);
        int tooShort = 0;
        for (int i = 0; i < 10_000; i++) {
            int turns = random.nextInt(200);
            if (i >= 100 && turns >= spin.limit()) {
                tooShort++;
            }
            spin.succeeded(turns);
        }
        assertThat(tooShort).isZero();
        assertThat(spin.limit()).isLessThan(420);
    }

    @Test
    void shouldStayBelowTheMost() {
        AdaptiveSpin spin = new AdaptiveSpin(1000);
        for (int i = 0; i < 100; i++) {
            spin.succeeded(999);
        }
        assertThat(spin.limit()).isEqualTo(1000);
    }
}
