// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WriteCreditTest {
    @Test
    void shouldAllowABurstAndThenTheRate() {
        WriteCredit.Pool pool = new WriteCredit.Pool();
        WriteCredit credit = new WriteCredit(pool);
        credit.start(0);
        int writes = 0;
        while (credit.waitMillis(0) == 0) {
            credit.debit(0);
            writes++;
        }
        assertThat(writes).isEqualTo(11);
        int later = 0;
        for (long now = 1; now <= 1000; now++) {
            while (credit.waitMillis(now) == 0) {
                credit.debit(now);
                later++;
            }
        }
        assertThat(later).isBetween(195, 205);
    }

    @Test
    void shouldShareTheRateAndStillMoveWithHundredsOfDomains() {
        WriteCredit.Pool pool = new WriteCredit.Pool();
        List<WriteCredit> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            WriteCredit credit = new WriteCredit(pool);
            credit.start(0);
            all.add(credit);
        }
        int writes = 0;
        for (long now = 1; now <= 10_000; now++) {
            for (WriteCredit credit : all) {
                if (credit.waitMillis(now) == 0) {
                    credit.debit(now);
                    writes++;
                }
            }
        }
        // Two thousand at the rate, and what they started with.
        assertThat(writes).isBetween(1800, 3200);
    }

    @Test
    void shouldNotSaveUpMoreThanABurstInAnHour() {
        WriteCredit credit = new WriteCredit(new WriteCredit.Pool());
        credit.start(0);
        long now = 3_600_000;
        int writes = 0;
        while (credit.waitMillis(now) == 0) {
            credit.debit(now);
            writes++;
        }
        // The reserve of a thousand, and one's own burst.
        assertThat(writes).isLessThanOrEqualTo(1012);
        credit.stop();
        assertThat(credit.waitMillis(now)).isZero();
    }

    @Test
    void shouldSayHowLongToWait() {
        WriteCredit credit = new WriteCredit(new WriteCredit.Pool());
        credit.start(0);
        while (credit.waitMillis(0) == 0) {
            credit.debit(0);
        }
        long wait = credit.waitMillis(0);
        assertThat(wait).isBetween(1L, 10L);
        assertThat(credit.waitMillis(wait)).isZero();
    }
}
