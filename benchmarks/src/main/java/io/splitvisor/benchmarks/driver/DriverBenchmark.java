// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A do-nothing device on the driver kit beside the same exchange on a bare ring, turn by turn; medians of all turns. */
public final class DriverBenchmark implements Benchmark {
    private static final int TURNS = 7;
    private static final long NANOS = 400_000_000L;
    private static final long WARM_UP_NANOS = 2_000_000_000L;

    /** One line of the table, in nanoseconds for a request and its response. */
    private record Row(int depth, double kit, double raw) {
        double ratio() {
            return kit / raw;
        }
    }

    @Override
    public String name() {
        return "driver";
    }

    @Override
    public String summary() {
        return "a device that does nothing on the driver kit, beside a bare ring";
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) {
        List<Row> rows = new ArrayList<>();
        for (int depth : new int[] {1, 32}) {
            rows.add(row(depth));
        }
        if (json) {
            out.print(Json.pretty(rows.stream()
                    .map(row -> Json.object("depth", row.depth, "kit_ns", row.kit, "ring_ns", row.raw))
                    .toList()));
        } else {
            out.printf("%5s %12s %12s %7s%n", "depth", "kit ns", "ring ns", "ratio");
            for (Row row : rows) {
                out.printf(Locale.ROOT, "%5d %12.1f %12.1f %7.2f%n", row.depth, row.kit, row.raw, row.ratio());
            }
        }
        return 0;
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
