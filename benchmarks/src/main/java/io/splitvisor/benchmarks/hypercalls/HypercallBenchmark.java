// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.CPeer;
import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Null hypercalls and events of a guest, beside the same exchanges in C and in Java libraries, in one run. Ours and C's turns
 * alternate: a virtual machine's processors may come to lie apart for a while, and then a cache line takes many times as long.
 */
public final class HypercallBenchmark implements Benchmark {
    private static final String AWAKE = "awake";
    private static final String SYSTEM_CALLS = "system-calls";
    private static final String TRACE = "trace";
    private static final String ASLEEP = "asleep";
    private static final String FLOOD = "flood";
    private static final String LIBRARIES = "libraries";

    private static final int TURNS = 9;
    private static final int ASLEEP_TURNS = 3;
    private static final long WARM_UP_MILLIS = 2000;
    private static final long MILLIS = 150;
    private static final int SLEEPS = 300;
    private static final int PAUSE_MICROS = 2000;
    private static final long CALLS = 100_000;

    @Override
    public String name() {
        return "hypercalls";
    }

    @Override
    public String summary() {
        return "null hypercalls and events beside C, Disruptor, Agrona and Aeron";
    }

    @Override
    public List<String> parts() {
        return List.of(AWAKE, SYSTEM_CALLS, TRACE, ASLEEP, FLOOD, LIBRARIES);
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException, InterruptedException {
        String missing = CPeer.missing();
        try (TemporaryFolder folder = TemporaryFolder.create()) {
            CPeer c = missing == null ? CPeer.compile("hypercall", folder.path()) : null;
            Map<String, Double> figures = guests(arguments, folder, c);
            if (Benchmark.chosen(arguments, LIBRARIES)) {
                figures.putAll(Libraries.measure());
            }
            if (json) {
                out.print(Json.pretty(figures));
            } else {
                print(out, figures, missing);
            }
            return 0;
        }
    }

    private static Map<String, Double> guests(List<String> arguments, TemporaryFolder temporary, CPeer c)
            throws IOException, InterruptedException {
        Map<String, Double> figures = new LinkedHashMap<>();
        Path folder = temporary.path();
        try (Dom0Launcher.Dom0 dom0 = GuestRun.dom0(temporary, "hypercalls")) {
            Toolstack toolstack = dom0.toolstack();
            try (Dialogue guest = Dialogue.start(toolstack, "hypercalls", HypercallGuest.class, List.of())) {
                guest.ask("null", WARM_UP_MILLIS);
                if (Benchmark.chosen(arguments, AWAKE)) {
                    figures.putAll(awake(guest, c));
                }
                if (Benchmark.chosen(arguments, SYSTEM_CALLS)) {
                    figures.putAll(SystemCallTurn.measure(guest, System.err));
                }
                if (Benchmark.chosen(arguments, TRACE)) {
                    figures.putAll(TraceTurns.measure(toolstack, guest, folder));
                }
                if (Benchmark.chosen(arguments, ASLEEP)) {
                    figures.putAll(asleep(guest, c));
                }
            }
            if (Benchmark.chosen(arguments, FLOOD)) {
                figures.putAll(Flood.measure(toolstack, folder));
            }
        }
        return figures;
    }

    private static Map<String, Double> awake(Dialogue guest, CPeer c) throws IOException, InterruptedException {
        guest.ask("batched", WARM_UP_MILLIS);
        guest.ask("event", WARM_UP_MILLIS);
        Turns turns = new Turns();
        for (int i = 0; i < TURNS; i++) {
            turns.add(c, "c-ping-pong-ns", "ping-pong", MILLIS);
            turns.add("null-awake-ns", guest.figure("null", MILLIS));
            turns.add(c, "c-null-in-place-ns", "in-place", MILLIS);
            turns.add(c, "c-null-handed-over-ns", "handed-over", MILLIS);
            turns.add(c, "c-null-awake-ns", "ring", 1, MILLIS);
            turns.add("event-awake-ns", guest.figure("event", MILLIS));
            turns.add(c, "c-event-awake-ns", "event", MILLIS);
            turns.add(c, "c-event-handed-over-ns", "event-handed-over", MILLIS);
            turns.add("batched-per-second", guest.figure("batched", MILLIS));
            turns.add(c, "c-batched-ns", "ring", HypercallGuest.BATCH, MILLIS);
        }
        Map<String, Double> figures = turns.medians();
        if (c != null) {
            figures.put("c-batched-per-second", 1e9 / figures.get("c-batched-ns"));
            figures.put("null-to-c-in-place", turns.ratio("null-awake-ns", "c-null-in-place-ns"));
            figures.put("null-to-c-handed-over", turns.ratio("null-awake-ns", "c-null-handed-over-ns"));
            figures.put("null-to-c-ring", turns.ratio("null-awake-ns", "c-null-awake-ns"));
            figures.put("event-to-c", turns.ratio("event-awake-ns", "c-event-awake-ns"));
            figures.put("event-to-c-handed-over", turns.ratio("event-awake-ns", "c-event-handed-over-ns"));
            figures.put("event-to-ping-pong", turns.ratio("event-awake-ns", "c-ping-pong-ns"));
            figures.put("c-event-to-ping-pong", turns.ratio("c-event-awake-ns", "c-ping-pong-ns"));
            figures.put("c-event-handed-over-to-ping-pong", turns.ratio("c-event-handed-over-ns", "c-ping-pong-ns"));
            figures.put("turns-with-slow-lines", turns.slow("c-ping-pong-ns"));
        }
        figures.putAll(guest.ask("costs", CALLS));
        return figures;
    }

    private static Map<String, Double> asleep(Dialogue guest, CPeer c) throws IOException, InterruptedException {
        Turns turns = new Turns();
        for (int i = 0; i < ASLEEP_TURNS; i++) {
            turns.add("null-asleep-ns", guest.figure("asleep", SLEEPS));
            turns.add(c, "c-eventfd-asleep-ns", "eventfd", SLEEPS, PAUSE_MICROS);
        }
        Map<String, Double> figures = turns.medians();
        if (c != null) {
            figures.put("asleep-to-c", turns.ratio("null-asleep-ns", "c-eventfd-asleep-ns"));
        }
        return figures;
    }

    private static void print(PrintStream out, Map<String, Double> figures, String missing) {
        figures.forEach((name, value) -> out.printf(Locale.ROOT, "%-32s %,16.2f%n", name, value));
        if (missing != null) {
            out.println("C is left out, because there is no " + missing);
        }
    }
}
