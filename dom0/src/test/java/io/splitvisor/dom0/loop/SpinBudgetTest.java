// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SpinBudgetTest {
    @Test
    void shouldStartWithTheLongestSpin() {
        assertThat(new SpinBudget().nanos()).isEqualTo(SpinBudget.MAX_NANOS);
    }

    @Test
    void shouldShrinkToItsMinimumWhenSpinsAreForNothing() {
        SpinBudget budget = new SpinBudget();
        long before = budget.nanos();
        budget.miss();
        assertThat(budget.nanos()).isLessThan(before);
        for (int i = 0; i < 100; i++) {
            budget.miss();
        }
        assertThat(budget.nanos()).isEqualTo(SpinBudget.MIN_NANOS);
    }

    @Test
    void shouldGrowFromItsMinimumWhenWorkComes() {
        SpinBudget budget = new SpinBudget(SpinBudget.MIN_NANOS);
        budget.hit();
        assertThat(budget.nanos()).isGreaterThan(SpinBudget.MIN_NANOS);
        for (int i = 0; i < 100; i++) {
            budget.hit();
        }
        assertThat(budget.nanos()).isEqualTo(SpinBudget.MAX_NANOS);
    }

    @Test
    void shouldRegretAShortSleepOnly() {
        SpinBudget budget = new SpinBudget(4 * SpinBudget.MIN_NANOS);
        budget.slept(1_000_000);
        assertThat(budget.nanos()).isEqualTo(4 * SpinBudget.MIN_NANOS);
        budget.slept(10_000);
        assertThat(budget.nanos()).isEqualTo(8 * SpinBudget.MIN_NANOS);
    }

    @Test
    void shouldStayWithinItsBounds() {
        SpinBudget budget = new SpinBudget();
        Random random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            switch (random.nextInt(3)) {
                case 0 -> budget.hit();
                case 1 -> budget.miss();
                default -> budget.slept(random.nextInt(300_000));
            }
            assertThat(budget.nanos()).isBetween(SpinBudget.MIN_NANOS, SpinBudget.MAX_NANOS);
        }
    }
}
