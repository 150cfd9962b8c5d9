// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Reads a file in the page cache: by a guest in its own process over a blkif ring; by fio through io_uring; by fio through
 * qemu-nbd; by a FileChannel. The guest and the FileChannel take turns, because both are bound by the host's memory, whose
 * speed changes by a factor of three within minutes where the host is shared; medians of their turns.
 */
public final class BlockBenchmark implements Benchmark {
    private static final String NAME = "block";
    private static final int FILE_BYTES = 256 << 20;
    private static final int SECONDS = 2;
    private static final int TURNS = 3;
    private static final List<Load> LOADS = List.of(
            new Load("4 KiB random, depth 32", true, 4096, 32, 0),
            new Load("4 KiB random, depth 1, awake", true, 4096, 1, 0),
            new Load("4 KiB random, depth 1, asleep", true, 4096, 1, 1000),
            new Load("128 KiB sequential, depth 4", false, 128 << 10, 4, 0));

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "a guest's disk beside fio, an NBD server and FileChannel";
    }

    @Override
    public List<String> parts() {
        return LOADS.stream().map(Load::name).toList();
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException {
        List<Load> loads = LOADS.stream()
                .filter(load -> Benchmark.chosen(arguments, load.name()))
                .toList();
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            run(folder, loads, json, out);
            return 0;
        }
    }

    private static void run(TemporaryFolder folder, List<Load> loads, boolean json, PrintStream out)
            throws IOException {
        Path file = folder.path().resolve("disk.img");
        fill(file);
        Map<String, Object> all = new LinkedHashMap<>();
        try (Dom0Launcher.Dom0 dom0 = GuestRun.dom0(folder, NAME);
                Peers peers = new Peers(file, folder.path(), SECONDS)) {
            for (Load load : loads) {
                Map<String, Result> results = new LinkedHashMap<>();
                List<Result> ours = new ArrayList<>();
                List<Result> channel = new ArrayList<>();
                for (int turn = 0; turn < TURNS; turn++) {
                    ours.add(guest(dom0, file, load));
                    channel.add(peers.fileChannel(load));
                }
                results.put("splitvisor", median(ours));
                results.put("FileChannel", median(channel));
                if (Peers.has("fio")) {
                    results.put("fio io_uring", peers.ioUring(load));
                    if (Peers.has("qemu-nbd")) {
                        results.put("fio, qemu-nbd", peers.nbd(load));
                    }
                }
                all.put(load.name(), results);
                if (!json) {
                    print(out, load, results);
                }
            }
        }
        if (json) {
            out.print(Json.pretty(forms(all)));
        } else if (!Peers.has("fio") || !Peers.has("qemu-nbd")) {
            out.println("left out, because not installed: " + (Peers.has("fio") ? "qemu-nbd" : "fio"));
        }
    }

    private static Result median(List<Result> turns) {
        turns.sort(Comparator.comparingDouble(Result::iops));
        return turns.get(turns.size() / 2);
    }

    private static void print(PrintStream out, Load load, Map<String, Result> results) {
        out.println(load.name());
        double own = results.get("splitvisor").iops();
        results.forEach((who, result) ->
                out.printf(Locale.ROOT, "  %-14s %s  %6.2f times%n", who, result, own / result.iops()));
    }

    private static Object forms(Map<String, Object> all) {
        Map<String, Object> result = new LinkedHashMap<>();
        all.forEach((load, results) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            ((Map<?, ?>) results).forEach((who, value) -> {
                Result r = (Result) value;
                row.put((String) who, Json.object("iops", r.iops(), "p50_us", r.p50Micros(), "p99_us", r.p99Micros()));
            });
            result.put(load, row);
        });
        return result;
    }

    private static Result guest(Dom0Launcher.Dom0 dom0, Path file, Load load) {
        int domid = GuestRun.start(
                dom0.toolstack(),
                "load",
                LoadGuest.class,
                List.of(
                        load.random() ? "random" : "sequential",
                        Integer.toString(load.blockBytes()),
                        Integer.toString(load.depth()),
                        Integer.toString(load.pauseMicros()),
                        Integer.toString(SECONDS)),
                List.of(DiskConfig.parse(List.of(file + ",raw,xvda,r"), file.getParent())));
        String output = GuestRun.output(dom0.toolstack(), domid);
        Result result = Result.find(output);
        if (result == null) {
            throw new IllegalStateException("the guest gave no result; it said: " + output);
        }
        return result;
    }

    private static void fill(Path file) throws IOException {
        byte[] block = new byte[1 << 20];
        Random random = new Random(1);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < FILE_BYTES / block.length; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        }
    }
}
