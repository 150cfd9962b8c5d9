// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Other ways to the same file: fio through io_uring, fio through an NBD server, Java's FileChannel. */
final class Peers implements AutoCloseable {
    private final Path file;
    private final Path folder;
    private final int seconds;
    private Process nbd;

    Peers(Path file, Path folder, int seconds) {
        this.file = file;
        this.folder = folder;
        this.seconds = seconds;
    }

    /** Whether a program is on the path. */
    static boolean has(String program) {
        for (String entry : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(entry, program))) {
                return true;
            }
        }
        return false;
    }

    Result ioUring(Load load) {
        return fio(load, List.of("--ioengine=io_uring", "--filename=" + file));
    }

    Result nbd(Load load) {
        Path socket = folder.resolve("nbd.sock");
        if (nbd == null) {
            nbd = start(
                    List.of("qemu-nbd", "-k", socket.toString(), "-f", "raw", "-r", "-t", "-e", "4", file.toString()));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (!Files.exists(socket) && System.nanoTime() < deadline) {
                LockSupport.parkNanos(10_000_000);
            }
        }
        return fio(load, List.of("--ioengine=nbd", "--uri=nbd+unix:///?socket=" + socket));
    }

    private Result fio(Load load, List<String> target) {
        Path output = folder.resolve("fio.json");
        List<String> command = new ArrayList<>(List.of(
                "fio",
                "--name=load",
                "--rw=" + (load.random() ? "randread" : "read"),
                "--bs=" + load.blockBytes(),
                "--iodepth=" + load.depth(),
                "--size=" + size(),
                "--time_based",
                "--ramp_time=1",
                "--runtime=" + seconds,
                "--readonly",
                "--output-format=json",
                "--output=" + output));
        if (load.pauseMicros() > 0) {
            command.add("--thinktime=" + load.pauseMicros());
        }
        command.addAll(target);
        try {
            Process process = start(command);
            if (!process.waitFor(seconds + 60L, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException("failed: " + String.join(" ", command));
            }
            JsonNode read = new ObjectMapper()
                    .readTree(Files.readString(output))
                    .path("jobs")
                    .path(0)
                    .path("read");
            JsonNode percentiles = read.path("clat_ns").path("percentile");
            return new Result(
                    read.path("iops").asDouble(),
                    percentiles.path("50.000000").asDouble() / 1e3,
                    percentiles.path("99.000000").asDouble() / 1e3);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private long size() {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process start(List<String> command) {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("peer.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One read after the other into native memory; it has no other depth. */
    Result fileChannel(Load load) {
        Samples samples = new Samples();
        SplittableRandom numbers = new SplittableRandom(1);
        ByteBuffer buffer = ByteBuffer.allocateDirect(load.blockBytes());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long blocks = channel.size() / load.blockBytes();
            long begin = System.nanoTime();
            long now = begin;
            for (long i = 0; now - begin < seconds * 1_000_000_000L; i++) {
                long block = load.random() ? numbers.nextLong(blocks) : i % blocks;
                long start = System.nanoTime();
                channel.read(buffer.clear(), block * load.blockBytes());
                now = System.nanoTime();
                samples.add(now - start);
                if (load.pauseMicros() > 0) {
                    LockSupport.parkNanos(load.pauseMicros() * 1000L);
                }
            }
            return samples.over(now - begin);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (nbd != null) {
            nbd.destroyForcibly();
        }
    }
}
