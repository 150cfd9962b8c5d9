// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.benchmarks.CPeer;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A one-page ring with blkif-sized slots between two processes, in Java and in C with Xen's macros, turn by turn in one run;
 * medians of all turns.
 */
public final class RingBenchmark implements Benchmark {
    private static final int TURNS = 7;
    private static final long MILLIS = 400;
    private static final long WARM_UP_MILLIS = 1500;

    /** One line of the table. */
    private record Row(Mode mode, int depth, Exchange java, Exchange c) {
        double ratio() {
            return java.nanos() / c.nanos();
        }
    }

    @Override
    public String name() {
        return "ring";
    }

    @Override
    public String summary() {
        return "a Xen ring between two processes, Java beside C";
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException, InterruptedException {
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            run(folder.path(), json, out);
            return 0;
        }
    }

    private static void run(Path folder, boolean json, PrintStream out) throws IOException, InterruptedException {
        String missing = CPeer.missing();
        CPeer c = missing == null ? CPeer.compile("xen_ring", folder) : null;
        List<Row> rows = new ArrayList<>();
        try (JavaPeers java = new JavaPeers(folder)) {
            for (Mode mode : Mode.values()) {
                for (int depth : new int[] {1, 32}) {
                    java.exchange(mode, depth, WARM_UP_MILLIS);
                    rows.add(row(mode, depth, java, c));
                }
            }
        }
        if (json) {
            out.print(Json.pretty(rows.stream().map(RingBenchmark::form).toList()));
        } else {
            table(out, rows, missing);
        }
    }

    private static Row row(Mode mode, int depth, JavaPeers java, CPeer c) throws IOException, InterruptedException {
        Exchange[] ours = new Exchange[TURNS];
        Exchange[] theirs = new Exchange[TURNS];
        for (int i = 0; i < TURNS; i++) {
            ours[i] = java.exchange(mode, depth, MILLIS);
            theirs[i] = c == null ? new Exchange(Double.NaN, Double.NaN) : exchange(c, mode, depth);
        }
        return new Row(mode, depth, median(ours), median(theirs));
    }

    private static Exchange exchange(CPeer c, Mode mode, int depth) throws IOException, InterruptedException {
        return Exchange.parse(c.run(mode.word(), Integer.toString(depth), Long.toString(MILLIS)));
    }

    private static Exchange median(Exchange[] turns) {
        Arrays.sort(turns, Comparator.comparingDouble(Exchange::nanos));
        return turns[turns.length / 2];
    }

    private static Object form(Row row) {
        return Json.object(
                "mode",
                row.mode.word(),
                "depth",
                row.depth,
                "java_ns",
                row.java.nanos(),
                "c_ns",
                Double.isNaN(row.c.nanos()) ? null : row.c.nanos(),
                "java_notifications_per_pair",
                row.java.notificationsPerPair(),
                "c_notifications_per_pair",
                Double.isNaN(row.c.nanos()) ? null : row.c.notificationsPerPair());
    }

    private static void table(PrintStream out, List<Row> rows, String missing) {
        out.printf(
                "%-8s %5s %12s %12s %7s   %s%n", "mode", "depth", "Java ns", "C ns", "ratio", "notifications a pair");
        for (Row row : rows) {
            out.printf(
                    Locale.ROOT,
                    "%-8s %5d %12.1f %12.1f %7.2f   %.4f, C %.4f%n",
                    row.mode.word(),
                    row.depth,
                    row.java.nanos(),
                    row.c.nanos(),
                    row.ratio(),
                    row.java.notificationsPerPair(),
                    row.c.notificationsPerPair());
        }
        if (missing != null) {
            out.println("C is left out, because there is no " + missing);
        }
    }
}
