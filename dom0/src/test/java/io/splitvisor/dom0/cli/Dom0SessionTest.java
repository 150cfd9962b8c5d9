// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.ConfigSource;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Dom0SessionTest {
    @Test
    void shouldWaitForGuestsOnlyUntilTheyAreDestroyed(@TempDir Path folder) throws InterruptedException {
        var toolstack = new FakeToolstack();
        try (var shell = new Shell(folder, folder, toolstack)) {
            Dom0Session session = shell.session();
            assertThat(session.hasDomains()).isFalse();
            toolstack.create(
                    ConfigSource.of("test", "name='a'; type='exec'; kernel='/k'")
                            .parse()
                            .config(),
                    CreateOptions.START);
            assertThat(session.hasDomains()).isTrue();
            toolstack.disobedient();
            Thread end = Thread.ofVirtual().start(() -> session.stopDomains(Duration.ofHours(1)));
            await().until(() -> toolstack.calls().contains("poweroff 1"));
            session.destroyDomains();
            assertThat(end.join(Duration.ofSeconds(30))).isTrue();
            assertThat(toolstack.list()).hasSize(1);
        }
    }
}
