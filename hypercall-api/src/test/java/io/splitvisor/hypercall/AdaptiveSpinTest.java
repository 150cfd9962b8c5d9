// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
        assertThat(spin.limit()).isBetween(200, 240);
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
