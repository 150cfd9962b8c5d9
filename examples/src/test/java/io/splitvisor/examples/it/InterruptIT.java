// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C on {@code up}, which is a signal to a process of its own. */
class InterruptIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Whoever starts the tests may have them ignore the signal, as a shell does for what it runs in the background. */
    private static final List<String> HEARING = List.of("env", "--default-signal=INT");

    @TempDir
    private Path folder;

    private Path output;
    private Process process;

    /** Reads a sector, and shuts down when asked, if it was not told otherwise. */
    public static final class Reader implements Guest {
        @Override
        public void run(GuestDomain domain) throws Exception {
            try (BlockDevice disk = domain.disk("xvda")) {
                disk.read(0, MemorySegment.ofArray(new byte[512]));
                if (domain.arguments().contains("deaf")) {
                    domain.onShutdown(_ -> sleep());
                }
                System.out.println("has read");
                sleep();
            }
        }

        private static void sleep() {
            try {
                Thread.sleep(Duration.ofHours(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @BeforeEach
    void requireEnv() throws IOException, InterruptedException {
        List<String> probe = new ArrayList<>(HEARING);
        probe.add("true");
        assumeTrue(
                new ProcessBuilder(probe).start().waitFor() == 0, "needs env with --default-signal (coreutils 8.31)");
        output = folder.resolve("output");
    }

    @AfterEach
    void stop() {
        if (process != null) {
            List<ProcessHandle> guests = process.descendants().toList();
            process.destroyForcibly();
            guests.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private void up(String arguments) throws IOException {
        Path image = folder.resolve("i.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(1 << 20);
        }
        Path config = Files.writeString(
                folder.resolve("reader.cfg"),
                Cli.config("reader", Reader.class, arguments, ClassOrigin.of(Reader.class), image + ",raw,xvda,r"));
        List<String> command = new ArrayList<>(HEARING);
        command.addAll(Cli.command(folder.resolve("run"), "up", config.toString()));
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        awaitText("reader | has read");
    }

    private void awaitText(String text) {
        await().atMost(PATIENCE)
                .failFast("splitvisor up has ended", () -> !process.isAlive())
                .until(() -> Files.readString(output).contains(text));
    }

    private void interrupt() throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private void assertEnded(List<ProcessHandle> guests) throws InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
        assertThat(guests).hasSize(1).noneMatch(ProcessHandle::isAlive);
        assertThat(folder.resolve("run/management.sock")).doesNotExist();
    }

    @Test
    void shouldShutAllDownAndStillShowWhatTheyDid() throws IOException, InterruptedException {
        up("");
        List<ProcessHandle> guests = process.descendants().toList();
        interrupt();
        assertEnded(guests);
        assertThat(Files.readString(output)).containsPattern("Name +Vdev").containsPattern("reader +xvda");
    }

    @Test
    void shouldDestroyGuestsThatDoNotListenWhenInterruptedAgain() throws IOException, InterruptedException {
        up("deaf");
        List<ProcessHandle> guests = process.descendants().toList();
        interrupt();
        awaitText("Ctrl-C again");
        interrupt();
        assertEnded(guests);
    }
}
