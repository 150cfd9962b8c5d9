// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.CPeer;
import io.splitvisor.benchmarks.Figure;
import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;

/** Null hypercalls and events of a guest, beside the same exchanges in C and in Java libraries, in one run. */
public final class HypercallBenchmark implements Benchmark {
    private static final int TURNS = 5;
    private static final String MILLIS = "500";
    private static final String SLEEPS = "500";
    private static final int DISK_BYTES = 16 << 20;
    private static final String PAUSE_MICROS = "2000";

    @Override
    public String name() {
        return "hypercalls";
    }

    @Override
    public String summary() {
        return "null hypercalls and events beside C, Disruptor, Agrona and Aeron";
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) {
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            Map<String, Double> figures = new LinkedHashMap<>(guest(folder.path()));
            String missing = CPeer.missing();
            if (missing == null) {
                figures.putAll(c(CPeer.compile("hypercall", folder.path())));
            }
            figures.putAll(Libraries.measure());
            if (json) {
                out.print(Json.pretty(figures));
            } else {
                print(out, figures, missing);
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private static Map<String, Double> guest(Path folder) throws IOException {
        Path runDir = Files.createDirectory(folder.resolve("run"));
        Dom0Launcher launcher =
                ServiceLoader.load(Dom0Launcher.class).findFirst().orElseThrow();
        try (Dom0Launcher.Dom0 dom0 = launcher.start(runDir, new Dom0Launcher.Options(0, "bench hypercalls"))) {
            int domid = GuestRun.start(dom0.toolstack(), "hypercalls", HypercallGuest.class, List.of(), List.of());
            String output = GuestRun.output(dom0.toolstack(), domid);
            Map<String, Double> figures = Figure.findAll(output);
            if (figures.isEmpty()) {
                throw new IllegalStateException("the guest gave no figures; it said: " + output);
            }
            Path image = folder.resolve("disk.img");
            Files.write(image, new byte[DISK_BYTES]);
            neighbour(dom0.toolstack(), image).forEach((name, value) -> figures.put("alone-" + name, value));
            int flood = GuestRun.start(dom0.toolstack(), "flood", FloodGuest.class, List.of(), List.of());
            neighbour(dom0.toolstack(), image).forEach((name, value) -> figures.put("flooded-" + name, value));
            dom0.toolstack().destroy(flood);
            return figures;
        }
    }

    /** How long another domain's reads take. */
    private static Map<String, Double> neighbour(Toolstack toolstack, Path image) {
        DiskConfig disk = DiskConfig.parse(List.of(image + ",raw,xvda,r"), image.getParent());
        int domid = GuestRun.start(toolstack, "neighbour", NeighbourGuest.class, List.of(), List.of(disk));
        String output = GuestRun.output(toolstack, domid);
        Map<String, Double> figures = Figure.findAll(output);
        if (figures.isEmpty()) {
            throw new IllegalStateException("the guest gave no figures; it said: " + output);
        }
        return figures;
    }

    private static Map<String, Double> c(CPeer peer) throws IOException, InterruptedException {
        double[][] turns = new double[6][TURNS];
        for (int i = 0; i < TURNS; i++) {
            turns[0][i] = figure(peer, "ping-pong", MILLIS);
            turns[1][i] = figure(peer, "ring", "1", MILLIS);
            turns[2][i] = 1e9 / figure(peer, "ring", Integer.toString(HypercallGuest.BATCH), MILLIS);
            turns[3][i] = figure(peer, "eventfd", SLEEPS, PAUSE_MICROS);
            turns[4][i] = figure(peer, "in-place", MILLIS);
            turns[5][i] = figure(peer, "event", MILLIS);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("c-ping-pong-ns", median(turns[0]));
        figures.put("c-null-awake-ns", median(turns[1]));
        figures.put("c-null-in-place-ns", median(turns[4]));
        figures.put("c-batched-per-second", median(turns[2]));
        figures.put("c-eventfd-asleep-ns", median(turns[3]));
        figures.put("c-event-awake-ns", median(turns[5]));
        return figures;
    }

    private static double figure(CPeer peer, String... arguments) throws IOException, InterruptedException {
        return Double.parseDouble(peer.run(arguments).strip());
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private static void print(PrintStream out, Map<String, Double> figures, String missing) {
        figures.forEach((name, value) -> out.printf(Locale.ROOT, "%-32s %,16.2f%n", name, value));
        if (missing != null) {
            out.println("C is left out, because there is no " + missing);
        }
    }
}
