// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineLimitTest {
    private long now = 5;
    private final List<Long> dropped = new ArrayList<>();
    private final LineLimit limit = new LineLimit(() -> now);

    private int lines(int domid, int tries) {
        int written = 0;
        for (int i = 0; i < tries; i++) {
            written += limit.allows(domid, dropped::add) ? 1 : 0;
        }
        return written;
    }

    @Test
    void h13_shouldLetSoManyLinesOfADomainThroughInAWhileAndCountTheOthers() {
        assertThat(lines(1, 1000)).isEqualTo(LineLimit.LINES_PER_PERIOD);
        assertThat(lines(2, 3)).as("another domain").isEqualTo(3);
        now += LineLimit.PERIOD_NANOS + 1;
        assertThat(lines(1, 1)).isEqualTo(1);
        assertThat(dropped).containsExactly(1000L - LineLimit.LINES_PER_PERIOD);
        assertThat(lines(2, 1)).isEqualTo(1);
        assertThat(dropped).hasSize(1);
    }

    @Test
    void h13_shouldBeginAnewForANewDomainWithTheSameNumber() {
        lines(1, 1000);
        limit.forget(1);
        assertThat(lines(1, 1000)).isEqualTo(LineLimit.LINES_PER_PERIOD);
        assertThat(dropped).isEmpty();
    }
}
