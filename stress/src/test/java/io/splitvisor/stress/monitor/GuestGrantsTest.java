// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.domu.grant.GrantTable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest's runtime chooses the version of its grant table by a word on its command line. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GuestGrantsTest {
    @ParameterizedTest
    @CsvSource({"quiet, 1", "quiet grant_table.version=2, 2", "grant_table.version=1, 1"})
    void shouldHaveTheVersionThatTheCommandLineAsksFor(String commandLine, int version) throws Exception {
        RealGuest real = new RealGuest(1, commandLine);
        try {
            GrantTable grants = real.guest.grants();
            assertThat(grants.version()).isEqualTo(version);
            assertThat(real.domain.grants().version()).isEqualTo(version);
            int frame = real.guest.memory().allocate();
            int ref = grants.grantAccess(0, frame, false);
            assertThat(real.domain.grants().pin(0, ref, true)).isEqualTo(frame * 4096L);
            assertThat(grants.inUse(ref)).isTrue();
            assertThat(grants.endAccess(ref)).isFalse();
            real.domain.grants().unpin(ref, true);
            assertThat(grants.endAccess(ref)).isTrue();
        } finally {
            real.close();
        }
        assertThat(real.endings).isEmpty();
    }
}
