// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The example drivers under the loads of their guests: a Dom0 with the driver's jars, and the guest in a process of its own. Beside
 * each, what its back end does without any of that.
 */
final class DriverLoads {
    private static final int MEMORY_MIB = 64;
    private static final int SECONDS = 2;
    private static final int RANDOM_BYTES = 4096;
    private static final String RATE = "rate=1099511627776";

    private final Path home;

    /** @param home {@code target/dist} of the checkout */
    DriverLoads(Path home) {
        this.home = home;
    }

    /** Random numbers of 4 KiB, one or eight pages at a time; beside the generator that the back end asks. */
    List<LoadLine> vrng() {
        Path jar = home.resolve("lib").resolve("examples.jar");
        List<LoadLine> lines = new ArrayList<>();
        for (String depth : List.of("1", "8")) {
            String bytes = Integer.toString(RANDOM_BYTES * Integer.parseInt(depth));
            guest(jar, jar, "io.splitvisor.examples.vrng.VrngGuest", "type=vrng," + RATE, List.of("2", bytes, depth))
                    .forEach(line -> lines.add(line.of("fills of " + bytes)));
        }
        lines.add(generator());
        return lines;
    }

    private static LoadLine generator() {
        SecureRandom source;
        try {
            source = SecureRandom.getInstance("NativePRNGNonBlocking");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this host has no /dev/urandom", e);
        }
        byte[] bytes = new byte[RANDOM_BYTES];
        long[] samples = new long[1 << 20];
        int count = 0;
        long begin = System.nanoTime();
        long before = begin;
        while (before - begin < SECONDS * 1_000_000_000L && count < samples.length) {
            source.nextBytes(bytes);
            long now = System.nanoTime();
            samples[count++] = now - before;
            before = now;
        }
        double perSecond = count / ((before - begin) / 1e9);
        Arrays.sort(samples, 0, count);
        return new LoadLine(
                "generator",
                "fills of " + RANDOM_BYTES,
                perSecond,
                perSecond * RANDOM_BYTES / 1e6,
                samples[count / 2] / 1e3,
                samples[(int) (count * 0.99)] / 1e3);
    }

    /** Where vkv's jars are; the build of this module does not need them. */
    private Path vkvJars() {
        return home.resolve("../../examples/vkv/target/driver").normalize();
    }

    boolean hasVkv() {
        return Files.exists(vkvJars().resolve("vkv.jar"));
    }

    /** 16 operations in a batch, on 100 000 keys, with values of 100 bytes; beside RocksDB in a process without domains. */
    List<LoadLine> vkv() throws IOException {
        List<String> profile = List.of(Integer.toString(SECONDS), "16", "100", "100000");
        Path jar = vkvJars().resolve("vkv.jar");
        try (TemporaryFolder data = TemporaryFolder.create()) {
            String device = "type=vkv,path=" + data.path().resolve("device");
            List<LoadLine> lines =
                    new ArrayList<>(guest(vkvJars(), jar, "io.splitvisor.examples.vkv.VkvGuest", device, profile));
            lines.addAll(engine(data.path().resolve("engine"), profile));
            return lines;
        }
    }

    private List<LoadLine> engine(Path data, List<String> profile) throws IOException {
        Path lib = home.resolve("lib");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                vkvJars().resolve("*") + ":" + lib.resolve("hypercall-api.jar") + ":" + lib.resolve("ring-buffer.jar"),
                "io.splitvisor.examples.vkv.EngineLoad",
                data.toString()));
        command.addAll(profile);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            return LoadLine.in(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<LoadLine> guest(Path driverPath, Path jar, String main, String device, List<String> arguments) {
        Guest jvm = new Guest.Jvm(
                Optional.empty(), Optional.of(main), List.of(), List.of(jar), List.of("-XX:TieredStopAtLevel=4"));
        DomainConfig config = DomainConfig.of("load", jvm)
                .arguments(arguments)
                .memory(MEMORY_MIB, MEMORY_MIB)
                .vdevs(List.of(VdevConfig.parse(device)))
                .on(DomainConfig.OnShutdown.DESTROYS)
                .source("bench")
                .build();
        Dom0Launcher launcher =
                ServiceLoader.load(Dom0Launcher.class).findFirst().orElseThrow();
        try (TemporaryFolder run = TemporaryFolder.create();
                Dom0Launcher.Dom0 dom0 =
                        launcher.start(run.path(), new Dom0Launcher.Options(0, "bench driver", List.of(driverPath)))) {
            int domid = dom0.toolstack().create(config, CreateOptions.START);
            String output = GuestRun.output(dom0.toolstack(), domid);
            List<LoadLine> lines = LoadLine.in(output);
            if (lines.isEmpty()) {
                throw new IllegalStateException("the guest gave no result; it said: " + output);
            }
            return lines;
        }
    }
}
