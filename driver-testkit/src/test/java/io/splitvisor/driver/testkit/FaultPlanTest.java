// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing",
                "drop notification 3 to back",
                "delay notification 2 to front by 5; tear notification 1 to back",
                "revoke grant 4; fail request 7",
                "kill front when back is CONNECTED; restart back when front is INITIALISED",
                "write 'a\\u0027b\\u003b' to front state when back is INIT_WAIT",
                "slow front by PT2S"
            })
    void shouldReadWhatItWrites(String text) {
        assertThat(FaultPlan.parse(text)).hasToString(text);
    }

    @Test
    void shouldReadEveryRandomPlan() {
        for (int seed = 0; seed < 2000; seed++) {
            FaultPlan plan = FaultPlan.random(seed, 5);
            assertThat(FaultPlan.parse(plan.toString())).isEqualTo(plan);
            assertThat(FaultPlan.random(seed, 5)).isEqualTo(plan);
        }
    }

    @Test
    void shouldSayWhatIsNoFault() {
        assertThatThrownBy(() -> FaultPlan.parse("revoke grant 4; eat cake"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no fault: eat cake");
    }
}
