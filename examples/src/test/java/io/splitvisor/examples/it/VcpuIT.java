// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.toolstack.VcpuInfo;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A guest with four vCPUs in a process of its own. */
class VcpuIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void shouldRunFourVcpusWithIpisAndTimersAndOneClock() {
        try (Dom0Fixture dom0 = new Dom0Fixture()) {
            int domid = dom0.create(Dom0Fixture.jvm("four", VcpuGuest.class, 4));
            Dom0Fixture.Output console = dom0.console(domid);
            console.awaitText("ready for hotplug");
            assertThat(dom0.toolstack().vcpuList(domid)).hasSize(4).allSatisfy(vcpu -> {
                assertThat(vcpu.online()).isTrue();
                assertThat(vcpu.blockedNanos()).isPositive();
            });
            dom0.toolstack().vcpuSet(domid, 1);
            console.awaitText("vCPU 1 was taken away");
            await().untilAsserted(() -> assertThat(dom0.toolstack().vcpuList(domid))
                    .extracting(VcpuInfo::online)
                    .containsExactly(true, false, false, false));
            dom0.toolstack().vcpuSet(domid, 4);
            console.awaitText("done");
            await().atMost(PATIENCE).until(() -> dom0.toolstack().list().size() == 1);
            assertThat(console.text())
                    .contains("vCPU 1 was down", "vCPU 2 was down", "vCPU 3 was down")
                    .contains("IPIs went round 200 times", "every vCPU had its beat")
                    .contains("vCPU 0 blocked true offline false", "vCPU 3 blocked true offline true")
                    .contains("vCPU 3 is down");
            assertThat(number(console.text(), "timers late by at most (\\d+) ns"))
                    .isLessThan(1_000_000_000);
            assertThat(console.text()).contains("back 0,");
            assertThat(number(console.text(), "off by (-?\\d+) ns")).isLessThan(1_000_000);
            assertThat(number(console.text(), "wall clock off by (\\d+) ms")).isLessThan(1_000);
        }
    }

    private static long number(String text, String expression) {
        Matcher matcher = Pattern.compile(expression).matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
