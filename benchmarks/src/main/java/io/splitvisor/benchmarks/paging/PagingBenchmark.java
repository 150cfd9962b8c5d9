// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.paging;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.benchmarks.Figure;
import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.config.PagingChoice;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** {@code paging-compare}: one guest's workloads under each paging mode, and what batching and out-of-sync tables save. */
public final class PagingBenchmark implements Benchmark {
    private static final int MEMORY_MIB = 64;

    /** A domain that is measured: its column. */
    private record Column(String name, PagingChoice paging, boolean eager, Set<Workload> workloads) {}

    private static final Set<Workload> COMPARED = EnumSet.of(
            Workload.TLB_HITS,
            Workload.SEQUENTIAL_TOUCH,
            Workload.RANDOM_ACCESS,
            Workload.FORK,
            Workload.CHURN,
            Workload.SWITCHES);

    private static final List<Column> COLUMNS = List.of(
            new Column("none", choice(PagingMode.NONE, true), false, COMPARED),
            new Column("shadow", choice(PagingMode.SHADOW, true), false, with(Workload.FORK_ONLY)),
            new Column("registered", choice(PagingMode.REGISTERED, true), false, with(Workload.PROTECT)),
            new Column("ept", choice(PagingMode.EPT, true), false, COMPARED),
            new Column("shadow-trapping", choice(PagingMode.SHADOW, false), false, EnumSet.of(Workload.FORK_ONLY)),
            new Column("registered-eager", choice(PagingMode.REGISTERED, true), true, EnumSet.of(Workload.PROTECT)));

    private static PagingChoice choice(PagingMode mode, boolean outOfSync) {
        return mode == PagingMode.NONE ? PagingChoice.NONE : new PagingChoice(mode, OptionalLong.empty(), outOfSync);
    }

    private static Set<Workload> with(Workload more) {
        Set<Workload> all = EnumSet.copyOf(COMPARED);
        all.add(more);
        return all;
    }

    @Override
    public String name() {
        return "paging";
    }

    @Override
    public String summary() {
        return "memory workloads under shadow, registered and EPT paging, and without";
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException {
        Map<String, Map<String, Double>> columns = new LinkedHashMap<>();
        try (TemporaryFolder folder = TemporaryFolder.create();
                Dom0Launcher.Dom0 dom0 = GuestRun.dom0(folder, "paging")) {
            for (Column column : COLUMNS) {
                columns.put(column.name, measure(dom0.toolstack(), column));
            }
        }
        if (json) {
            out.print(Json.pretty(columns));
        } else {
            print(columns, out);
        }
        return 0;
    }

    private static Map<String, Double> measure(Toolstack toolstack, Column column) {
        List<String> words = new ArrayList<>();
        column.workloads.forEach(workload -> words.add(workload.word()));
        if (column.eager) {
            words.add("eager");
        }
        int domid = toolstack.create(
                GuestRun.config("paging-" + column.name, PagingGuest.class, List.of("-XX:TieredStopAtLevel=4"))
                        .arguments(words)
                        .memory(MEMORY_MIB, MEMORY_MIB)
                        .paging(column.paging)
                        .build(),
                CreateOptions.START);
        String output = GuestRun.output(toolstack, domid);
        Map<String, Double> figures = Figure.findAll(output);
        if (figures.size() < 3 * column.workloads.size()) {
            throw new IllegalStateException("the guest under " + column.name + " paging said: " + output);
        }
        return figures;
    }

    private static void print(Map<String, Map<String, Double>> columns, PrintStream out) {
        List<String> modes = Arrays.asList("none", "shadow", "registered", "ept");
        table(columns, modes, "ns", "nanoseconds an operation", out);
        table(columns, modes, "references", "references to memory in page walks, an operation", out);
        table(columns, modes, "requests", "traps and hypercalls about memory, an operation", out);
        ratio(
                columns,
                Workload.FORK_ONLY,
                "shadow-trapping",
                "shadow",
                "tables out of sync, against a trap a store",
                out);
        ratio(
                columns,
                Workload.PROTECT,
                "registered-eager",
                "registered",
                "updates in batches, against one by one",
                out);
    }

    private static void table(
            Map<String, Map<String, Double>> columns,
            List<String> modes,
            String figure,
            String title,
            PrintStream out) {
        out.printf("%-34s", title.length() > 34 ? "" : title);
        modes.forEach(mode -> out.printf(" %12s", mode));
        out.println(title.length() > 34 ? "   " + title : "");
        for (Workload workload : COMPARED) {
            out.printf("%-34s", workload.title());
            for (String mode : modes) {
                out.printf(Locale.ROOT, " %,12.2f", columns.get(mode).get(workload.word() + "-" + figure));
            }
            out.println();
        }
        out.println();
    }

    private static void ratio(
            Map<String, Map<String, Double>> columns,
            Workload workload,
            String slow,
            String fast,
            String title,
            PrintStream out) {
        double without = columns.get(slow).get(workload.word() + "-ns");
        double with = columns.get(fast).get(workload.word() + "-ns");
        out.printf(Locale.ROOT, "%s: %,.1f ns and %,.1f ns, %.1f times%n", title, with, without, without / with);
    }
}
