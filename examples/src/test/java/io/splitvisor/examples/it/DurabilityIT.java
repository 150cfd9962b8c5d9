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
import java.util.HashMap;
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
 * Data acknowledged after a flush survives kill -9 of every process: a real {@code splitvisor up} with writing guests is
 * killed at a random moment, again and again, and started anew in the same run folder on the same images. One guest's disk is
 * a qcow2 image, where qemu-nbd is installed; its server is killed, too, a moment before the others.
 */
class DurabilityIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ROUNDS = 4;
    private static final int MOST_LINES = 200;
    private static final long IMAGE_BYTES = 1L << 30;
    private static final String NBD = "nbd";

    @TempDir
    private Path folder;

    private final List<String> guests = new ArrayList<>(List.of("flush", "barrier"));
    private Setup running;
    private Process nbd;

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
            List<String> words = new ArrayList<>(List.of("up"));
            configs.forEach(config -> words.add(config.toString()));
            List<String> command = Cli.command(folder.resolve("run"), words.toArray(String[]::new));
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

        void kill(Victims victims, Random random, int expected) throws InterruptedException {
            List<ProcessHandle> guests = process.descendants().toList();
            assertThat(guests).as("guests of " + others).hasSize(expected);
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
        if (nbd != null) {
            nbd.destroyForcibly();
        }
    }

    private Path image(String guest) {
        return folder.resolve(guest + ".img");
    }

    private Path config(String guest) throws IOException, InterruptedException {
        String disk;
        if (guest.equals(NBD)) {
            run("qemu-img", "create", "-q", "-f", "qcow2", image(guest).toString(), Long.toString(IMAGE_BYTES));
            disk = "vdev=xvda,access=w,target=nbd+unix:///?socket=" + folder.resolve("nbd");
        } else {
            try (RandomAccessFile image = new RandomAccessFile(image(guest).toFile(), "rw")) {
                image.setLength(IMAGE_BYTES);
            }
            disk = image(guest) + ",raw,xvda,w";
        }
        return Files.writeString(
                folder.resolve(guest + ".cfg"), Cli.config(guest, JournalGuest.class, guest, folder, disk));
    }

    private static boolean isInstalled(String tool) {
        return Arrays.stream(System.getenv("PATH").split(":", -1))
                .anyMatch(place -> Files.isExecutable(Path.of(place, tool)));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    private void startNbdServer() throws IOException {
        Files.deleteIfExists(folder.resolve("nbd"));
        nbd = new ProcessBuilder(
                        "qemu-nbd",
                        "-t",
                        "-f",
                        "qcow2",
                        "-k",
                        folder.resolve("nbd").toString(),
                        image(NBD).toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("nbd")) || !nbd.isAlive());
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

    private void assertFoundEverything(String guest, long acknowledged) {
        running.awaitLine(running.found, guest, 0);
        assertThat(running.found.get(guest)).as("found by " + guest).isGreaterThanOrEqualTo(acknowledged);
    }

    @Test
    @Timeout(180)
    void shouldKeepWhatWasAcknowledgedThroughKillOfEveryProcess() throws Exception {
        if (isInstalled("qemu-nbd") && isInstalled("qemu-img")) {
            guests.add(NBD);
        }
        Random random = new Random(20);
        List<Path> configs = new ArrayList<>();
        for (String guest : guests) {
            configs.add(config(guest));
        }
        Map<String, Long> acknowledged = new HashMap<>();
        for (int round = 0; round <= ROUNDS; round++) {
            if (guests.contains(NBD)) {
                startNbdServer();
            }
            running = new Setup(folder, configs);
            for (String guest : guests) {
                assertFoundEverything(guest, acknowledged.getOrDefault(guest, 0L));
            }
            for (String guest : guests) {
                running.awaitLine(running.durable, guest, running.found.get(guest) + 1 + random.nextInt(MOST_LINES));
            }
            if (nbd != null) {
                nbd.destroyForcibly().waitFor();
            }
            running.kill(Victims.values()[round % Victims.values().length], random, guests.size());
            for (String guest : guests) {
                long now = running.durable.get(guest);
                assertThat(now)
                        .as("progress of %s in round %d", guest, round)
                        .isGreaterThan(acknowledged.getOrDefault(guest, 0L));
                acknowledged.put(guest, now);
                if (!guest.equals(NBD)) {
                    assertDurable(guest, now);
                }
            }
        }
    }
}
