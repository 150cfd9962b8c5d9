// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver as a user has it: its jars on the driver path of a Dom0, and a guest in a process of its own. */
class VkvIT {
    @TempDir
    private Path folder;

    @Test
    void shouldServeTheLoadProfile() {
        Path jars = Path.of("target/driver").toAbsolutePath();
        Dom0Launcher launcher =
                ServiceLoader.load(Dom0Launcher.class).findFirst().orElseThrow();
        Path run = folder.resolve("run");
        assertThat(run.toFile().mkdir()).isTrue();
        try (Dom0Launcher.Dom0 dom0 = launcher.start(run, new Dom0Launcher.Options(0, "test", List.of(jars)))) {
            Guest guest = new Guest.Jvm(
                    Optional.empty(),
                    Optional.of(VkvGuest.class.getName()),
                    List.of(),
                    List.of(jars.resolve("vkv.jar")),
                    List.of());
            DomainConfig config = DomainConfig.of("vkv", guest)
                    .arguments(List.of("1", "16", "100", "10000"))
                    .memory(32, 32)
                    .vdevs(List.of(VdevConfig.parse("type=vkv,path=" + folder.resolve("data"))))
                    .source("test")
                    .build();
            int domid = dom0.toolstack().create(config, CreateOptions.START);
            String text = read(dom0.toolstack().console(domid));
            assertThat(text).contains("vkv: puts: ", "vkv: gets: ", "vkv: half: ");
            System.out.println(text);
        }
    }

    /** Until the guest has ended. */
    private static String read(ConsoleStream console) {
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[4096];
        for (int n = console.read(buffer, 0, buffer.length); n > 0; n = console.read(buffer, 0, buffer.length)) {
            text.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
            if (text.indexOf("half: ") > 0 && text.indexOf("\n", text.indexOf("half: ")) > 0) {
                break;
            }
        }
        console.close();
        return text.toString();
    }
}
