// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.examples.kv.KeyValueGuest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code splitvisor console}, as a user and as a script have it: a Dom0, a guest and the client in processes of their own. */
@Timeout(60)
class ConsoleIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path SCRIPT = Path.of("/usr/bin/script");

    @TempDir
    private Path folder;

    private Process dom0;
    private final List<Process> clients = new ArrayList<>();

    private Path runDir() {
        return folder.resolve("run");
    }

    @BeforeEach
    void start() throws Exception {
        Path image = Files.write(folder.resolve("kv.img"), new byte[1 << 20]);
        Path config = Files.writeString(
                folder.resolve("kv.cfg"),
                Cli.config("kv", KeyValueGuest.class, "serve", folder, image + ",raw,xvda,w"));
        dom0 = new ProcessBuilder(Cli.command(runDir(), "dom0"))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("dom0.out").toFile())
                .start();
        await().atMost(PATIENCE)
                .failFast("Dom0 has ended", () -> !dom0.isAlive())
                .until(() -> Files.exists(runDir().resolve("management.sock")));
        assertThat(client("", "create", config.toString()).waitFor()).isZero();
    }

    @AfterEach
    void stop() {
        clients.forEach(Process::destroyForcibly);
        List<ProcessHandle> guests = dom0.descendants().toList();
        dom0.destroyForcibly();
        guests.forEach(ProcessHandle::destroyForcibly);
    }

    /** A client whose input is a file, and whose output is in {@code out}. */
    private Process client(String input, String... words) throws IOException {
        Process process = new ProcessBuilder(Cli.command(runDir(), words))
                .redirectInput(Files.writeString(folder.resolve("in"), input).toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        clients.add(process);
        return process;
    }

    private String output() throws IOException {
        return Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
    }

    @Test
    void shouldEndWithAScriptsInputAndShowTheAnswers() throws Exception {
        Process console = client("put colour light blue\nget colour\ncount\n", "console", "kv");
        assertThat(console.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(console.exitValue()).isZero();
        assertThat(output())
                .contains("key-value store: 0 keys")
                .containsSubsequence("put colour light blue\n", "get colour\n", "count\n")
                .containsSubsequence("put colour", "ok\n", "light blue\n", "1\n")
                .endsWith("1\n");
        // The guest goes on, and has a history for the next one.
        assertThat(client("", "console", "kv").waitFor()).isZero();
        assertThat(output()).contains("key-value store: 0 keys").endsWith("1\n");
    }

    /** On a terminal: a key is seen when it is typed, backspace takes it away, Enter is a carriage return, ^] leaves. */
    @Test
    void shouldServeATerminalUntilTheEscapeCharacter() throws Exception {
        assumeTrue(Files.isExecutable(SCRIPT), "script (util-linux) is not installed");
        String command = Cli.command(runDir(), "console", "kv").stream()
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Process console = new ProcessBuilder(SCRIPT.toString(), "-qec", command, "/dev/null")
                .redirectErrorStream(true)
                .start();
        clients.add(console);
        StringBuffer screen = new StringBuffer();
        Thread.ofVirtual().start(() -> read(console.getInputStream(), screen));
        await().atMost(PATIENCE).until(() -> screen.indexOf("quit") > 0);
        try (OutputStream keys = console.getOutputStream()) {
            type(keys, "put a bx\177");
            await().atMost(PATIENCE).until(() -> screen.indexOf("put a bx\b \b") > 0);
            type(keys, "\r");
            await().atMost(PATIENCE).until(() -> screen.indexOf("ok\r\n") > 0);
            type(keys, "get a\r");
            await().atMost(PATIENCE).until(() -> screen.indexOf("get a\r\nb\r\n") > 0);
            type(keys, "\035");
            assertThat(console.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as(screen.toString())
                    .isTrue();
        }
        assertThat(console.exitValue()).isZero();
        assertThat(client("", "domid", "kv").waitFor()).as("the guest goes on").isZero();
    }

    private static void type(OutputStream keys, String text) throws IOException {
        keys.write(text.getBytes(StandardCharsets.US_ASCII));
        keys.flush();
    }

    private static void read(InputStream stream, StringBuffer screen) {
        byte[] bytes = new byte[1024];
        try {
            for (int n = stream.read(bytes); n > 0; n = stream.read(bytes)) {
                screen.append(new String(bytes, 0, n, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            screen.append(e);
        }
    }
}
