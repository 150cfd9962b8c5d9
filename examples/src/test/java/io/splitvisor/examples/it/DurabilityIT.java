// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data acknowledged after a flush survives kill -9 of every process: a real {@code splitvisor up} with two writing guests is
 * killed at a random moment, again and again, and started anew in the same run folder on the same images.
 */
class DurabilityIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ROUNDS = 5;
    private static final int MOST_LINES = 200;
    private static final long IMAGE_BYTES = 1L << 30;
    private static final List<String> GUESTS = List.of("flush", "barrier");

    @TempDir
    private Path folder;

    private Setup running;

    /** Who is killed, and in which order. */
    private enum Victims {
        DOM0_FIRST,
        GUESTS_FIRST,
        ANY_ORDER,
        /** The guests notice by themselves that their Dom0 is gone, with requests in flight. */
        DOM0_ALONE
    }

    /** A {@code splitvisor up} in a process of its own. */
    private static final class Setup {
        private final Process process;
        private final Map<String, Long> found = new ConcurrentHashMap<>();
        private final Map<String, Long> durable = new ConcurrentHashMap<>();
        private final List<String> others = Collections.synchronizedList(new ArrayList<>());
        private final Thread reader;

        Setup(Path folder, List<Path> configs) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "io.splitvisor.dom0.cli.Main",
                    "--run-dir",
                    folder.resolve("run").toString(),
                    "up"));
            configs.forEach(config -> command.add(config.toString()));
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            reader = Thread.ofVirtual().start(this::read);
        }

        private void read() {
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    String[] words = line.split("[ |]+");
                    if (words.length == 3 && words[1].equals("durable")) {
                        durable.put(words[0], Long.valueOf(words[2]));
                    } else if (words.length == 3 && words[1].equals("found")) {
                        found.put(words[0], Long.valueOf(words[2]));
                    } else {
                        others.add(line);
                    }
                }
            } catch (IOException e) {
                others.add(e.toString());
            }
        }

        void awaitLine(Map<String, Long> map, String guest, long least) {
            await().alias(guest + " at " + least)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(1))
                    .failFast("splitvisor up has ended", () -> !process.isAlive())
                    .until(() -> map.getOrDefault(guest, -1L) >= least);
        }

        void kill(Victims victims, Random random) throws InterruptedException {
            List<ProcessHandle> guests = process.descendants().toList();
            assertThat(guests).as("guests of " + others).hasSize(GUESTS.size());
            List<ProcessHandle> order = new ArrayList<>();
            switch (victims) {
                case DOM0_FIRST -> {
                    order.add(process.toHandle());
                    order.addAll(guests);
                }
                case GUESTS_FIRST -> {
                    order.addAll(guests);
                    order.add(process.toHandle());
                }
                case ANY_ORDER -> {
                    order.addAll(guests);
                    order.add(process.toHandle());
                    Collections.shuffle(order, random);
                }
                case DOM0_ALONE -> order.add(process.toHandle());
            }
            order.forEach(ProcessHandle::destroyForcibly);
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            await().alias("guests end").atMost(PATIENCE).until(() -> guests.stream()
                    .noneMatch(ProcessHandle::isAlive));
            reader.join();
        }

        void end() {
            List<ProcessHandle> guests = process.descendants().toList();
            process.destroyForcibly();
            guests.forEach(ProcessHandle::destroyForcibly);
        }
    }

    @AfterEach
    void stop() {
        if (running != null) {
            running.end();
        }
    }

    private Path image(String guest) {
        return folder.resolve(guest + ".img");
    }

    private Path config(String guest) throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(image(guest).toFile(), "rw")) {
            image.setLength(IMAGE_BYTES);
        }
        return Files.writeString(folder.resolve(guest + ".cfg"), """
                name     = "%1$s"
                type     = "jvm"
                jvm_main = "%2$s"
                jvm_class_path = [ "%4$s" ]
                memory   = 32
                extra    = "%1$s"
                disk     = [ "%3$s,raw,xvda,w" ]
                """.formatted(
                        guest, JournalGuest.class.getName(), image(guest), folder));
    }

    /** Every record that was acknowledged is on the image, as it was written. */
    private void assertDurable(String guest, long records) throws IOException {
        byte[] bytes = new byte[JournalRecord.BYTES];
        try (RandomAccessFile image = new RandomAccessFile(image(guest).toFile(), "r")) {
            for (long number = 0; number < records; number++) {
                image.readFully(bytes);
                assertThat(JournalRecord.is(bytes, number))
                        .as("record %d of %d acknowledged, guest %s", number, records, guest)
                        .isTrue();
            }
        }
    }

    @Test
    @Timeout(180)
    void shouldKeepWhatWasAcknowledgedThroughKillOfEveryProcess() throws Exception {
        Random random = new Random(20);
        List<Path> configs = List.of(config("flush"), config("barrier"));
        long[] acknowledged = new long[GUESTS.size()];
        for (int round = 0; round < ROUNDS; round++) {
            running = new Setup(folder, configs);
            for (int i = 0; i < GUESTS.size(); i++) {
                String guest = GUESTS.get(i);
                running.awaitLine(running.found, guest, 0);
                assertThat(running.found.get(guest))
                        .as("found by %s in round %d", guest, round)
                        .isGreaterThanOrEqualTo(acknowledged[i]);
            }
            for (String guest : GUESTS) {
                running.awaitLine(running.durable, guest, running.found.get(guest) + 1 + random.nextInt(MOST_LINES));
            }
            running.kill(Victims.values()[round % Victims.values().length], random);
            for (int i = 0; i < GUESTS.size(); i++) {
                long now = running.durable.get(GUESTS.get(i));
                assertThat(now).as("progress in round " + round).isGreaterThan(acknowledged[i]);
                acknowledged[i] = now;
                assertDurable(GUESTS.get(i), now);
            }
        }
        assertThat(Arrays.stream(acknowledged).min().orElseThrow()).isGreaterThan(ROUNDS);
    }
}
