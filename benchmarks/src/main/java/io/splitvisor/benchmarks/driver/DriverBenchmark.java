// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A do-nothing device on the driver kit beside the same exchange on a bare ring, turn by turn, medians of all turns; and the example
 * drivers under load.
 */
public final class DriverBenchmark implements Benchmark {
    private static final String ECHO = "echo";
    private static final String VRNG = "vrng";
    private static final String VKV = "vkv";
    private static final String BUILD_VKV = "'mvn -pl examples/vkv -am package' builds it";
    private static final int TURNS = 7;
    private static final long NANOS = 400_000_000L;
    private static final long WARM_UP_NANOS = 2_000_000_000L;

    /** One line of the table, in nanoseconds for a request and its response. */
    private record Row(int depth, double kit, double raw) {
        String text() {
            return String.format(Locale.ROOT, "%5d %12.1f %12.1f %7.2f", depth, kit, raw, kit / raw);
        }
    }

    @Override
    public String name() {
        return "driver";
    }

    @Override
    public String summary() {
        return "a device that does nothing on the driver kit, beside a bare ring; the example drivers under load";
    }

    @Override
    public List<String> parts() {
        return List.of(ECHO, VRNG, VKV);
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) {
        DriverLoads loads = new DriverLoads(Path.of(System.getProperty("splitvisor.home", "target/dist")));
        List<Object> all = new ArrayList<>();
        if (isChosen(arguments, ECHO)) {
            List<Row> rows = IntStream.of(1, 32).mapToObj(DriverBenchmark::row).toList();
            rows.forEach(row -> all.add(Json.object("depth", row.depth, "kit_ns", row.kit, "ring_ns", row.raw)));
            print(json, out, String.format("%5s %12s %12s %7s", "depth", "kit ns", "ring ns", "ratio"));
            rows.forEach(row -> print(json, out, row.text()));
        }
        if (isChosen(arguments, VRNG)) {
            add(loads.vrng(), all, json, out);
        }
        if (isChosen(arguments, VKV)) {
            vkv(loads, all, json, out);
        }
        if (json) {
            out.print(Json.pretty(all));
        }
        return 0;
    }

    private static void vkv(DriverLoads loads, List<Object> all, boolean json, PrintStream out) {
        if (!loads.hasVkv()) {
            print(json, out, "vkv is left out: " + BUILD_VKV);
            return;
        }
        try {
            add(loads.vkv(), all, json, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (IllegalStateException e) {
            // It is built apart from the rest, and may be older.
            throw new IllegalStateException(e.getMessage() + "\nIs vkv older than the kit? " + BUILD_VKV, e);
        }
    }

    private static void add(List<LoadLine> lines, List<Object> all, boolean json, PrintStream out) {
        lines.forEach(line -> all.add(line.json()));
        lines.forEach(line -> print(json, out, line.text()));
    }

    private static boolean isChosen(List<String> arguments, String part) {
        return arguments.isEmpty() || arguments.stream().anyMatch(part::contains);
    }

    private static void print(boolean json, PrintStream out, String line) {
        if (!json) {
            out.println(line);
        }
    }

    /** Each turn has both, one after the other: each spins on a processor of its own while it runs. */
    private static Row row(int depth) {
        double[] kit = new double[TURNS];
        double[] raw = new double[TURNS];
        for (int turn = 0; turn < TURNS; turn++) {
            try (KitEcho echo = new KitEcho(depth)) {
                echo.exchange(turn == 0 ? WARM_UP_NANOS : NANOS / 4);
                kit[turn] = echo.exchange(NANOS);
            }
            try (RawEcho echo = new RawEcho()) {
                echo.exchange(depth, turn == 0 ? WARM_UP_NANOS : NANOS / 4);
                raw[turn] = echo.exchange(depth, NANOS);
            }
        }
        return new Row(depth, median(kit), median(raw));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
