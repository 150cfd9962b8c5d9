// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code mem-set} with a real guest: memory goes back to the host, and comes from it. */
class BalloonIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long MIB = 1 << 20;

    private Dom0Fixture dom0;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    /** What the host has given for the domain's memory: the blocks of its memfd. */
    private static long hostMib(int domid) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            Path memfd = descriptors
                    .filter(path -> target(path).startsWith("/memfd:splitvisor-ram-" + domid + " "))
                    .findFirst()
                    .orElseThrow();
            Process stat = new ProcessBuilder(
                            "stat",
                            "-L",
                            "-c",
                            "%b",
                            "/proc/" + ProcessHandle.current().pid() + "/fd/" + memfd.getFileName())
                    .start();
            String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return Long.parseLong(blocks) * 512 / MIB;
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static long hostMibOf(int domid) {
        try {
            return hostMib(domid);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long listedMib(int domid) {
        return dom0.toolstack().info(domid).memoryKib() / 1024;
    }

    @Test
    void t9_shouldGiveMemoryToTheHostAndTakeIt() {
        DomainConfig config = Dom0Fixture.jvm("balloon", BalloonGuest.class, List.of()).toBuilder()
                .memory(32, 64)
                .build();
        int domid = dom0.create(config);
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("has 8192 pages");
        assertThat(listedMib(domid)).isEqualTo(32);
        console.type("first");
        console.awaitText("first: filled");
        assertThat(hostMibOf(domid)).isBetween(31L, 33L);

        dom0.toolstack().setMemory(domid, 16 * 1024);
        await().atMost(PATIENCE).until(() -> listedMib(domid) == 16);
        assertThat(hostMibOf(domid)).isBetween(15L, 17L);
        console.type("second");
        console.awaitText("target 4096");
        assertThat(hostMibOf(domid)).isBetween(15L, 17L);

        dom0.toolstack().setMemory(domid, 48 * 1024);
        await().atMost(PATIENCE).until(() -> listedMib(domid) == 48);
        console.type("third");
        console.awaitText("target 12288");
        assertThat(hostMibOf(domid)).isBetween(47L, 49L);

        assertThatThrownBy(() -> dom0.toolstack().setMemory(domid, 65 * 1024))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("maximum");
        dom0.toolstack().setMaxMemory(domid, 48 * 1024);
        assertThatThrownBy(() -> dom0.toolstack().setMemory(domid, 49 * 1024)).isInstanceOf(ToolstackException.class);
        assertThatThrownBy(() -> dom0.toolstack().setMaxMemory(domid, 65 * 1024))
                .isInstanceOf(ToolstackException.class);
    }
}
