// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpuriousEventsTest {
    private final SpuriousEvents events = new SpuriousEvents();

    @Test
    void e8_shouldDoubleTheDelayUpToASecond() {
        List<Integer> delays = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            delays.add(events.spurious());
        }
        assertThat(delays).containsExactly(0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000);
        for (int i = 0; i < 100_000; i++) {
            assertThat(events.spurious()).isEqualTo(1000);
        }
    }

    @Test
    void e8_shouldForgetWithTheFirstWork() {
        for (int i = 0; i < 50; i++) {
            events.spurious();
        }
        events.work();
        assertThat(events.spurious()).isZero();
        assertThat(events.spurious()).isEqualTo(1);
    }
}
