// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a trace costs those who are traced, while it is on; and what of a processor its writing thread takes for itself, which others
 * have to do without where there are no more processors.
 */
final class TraceTurns {
    private static final int TURNS = 21;
    private static final long MILLIS = 100;
    private static final long WARM_UP_MILLIS = 500;
    private static final double NANOS_PER_SECOND = 1e9;

    /**
     * A load.
     *
     * @param name of its command
     * @param rate whether its figure is one a second; otherwise it is nanoseconds
     */
    private record Load(String name, boolean rate) {
        double nanos(double figure) {
            return rate ? NANOS_PER_SECOND / figure : figure;
        }
    }

    /** Calls that repeat the one before are counted by a trace; where each differs from the one before, it writes each. */
    private static final List<Load> LOADS = List.of(
            new Load("null", false),
            new Load("batched", true),
            new Load("event", false),
            new Load("mixed", false),
            new Load("mixed-batched", true));

    private final Toolstack toolstack;
    private final Dialogue guest;
    private final Path file;
    private final Turns turns = new Turns();
    private final Map<String, Double> lost = new LinkedHashMap<>();

    private TraceTurns(Toolstack toolstack, Dialogue guest, Path file) {
        this.toolstack = toolstack;
        this.guest = guest;
        this.file = file;
    }

    /** Nanoseconds a call without and with a trace, its price and the writer's share of a processor in percent, and what was lost. */
    static Map<String, Double> measure(Toolstack toolstack, Dialogue guest, Path folder) throws IOException {
        TraceTurns all = new TraceTurns(toolstack, guest, folder.resolve("trace"));
        for (Load load : LOADS) {
            guest.ask(load.name(), WARM_UP_MILLIS);
            all.traced(load, WARM_UP_MILLIS);
        }
        all.turns.clear();
        all.lost.clear();
        for (int i = 0; i < TURNS; i++) {
            for (Load load : LOADS) {
                all.turns.add(load.name() + "-untraced-ns", load.nanos(guest.figure(load.name(), MILLIS)));
                all.traced(load, MILLIS);
            }
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        for (Load load : LOADS) {
            figures.putAll(all.figures(load.name()));
        }
        return figures;
    }

    private void traced(Load load, long millis) throws IOException {
        long start = System.nanoTime();
        toolstack.startTrace(file, List.of(guest.domid()));
        turns.add(load.name() + "-traced-ns", load.nanos(guest.figure(load.name(), millis)));
        // Born with the trace.
        KernelThread writer = KernelThread.named("trace-writer").orElseThrow();
        double share = (double) writer.runNanos() / (System.nanoTime() - start);
        turns.add(load.name() + "-trace-writer-percent", 100 * share);
        lost.merge(load.name(), (double) toolstack.stopTrace().dropped(), Double::sum);
    }

    private Map<String, Double> figures(String load) {
        String untraced = load + "-untraced-ns";
        String traced = load + "-traced-ns";
        String writer = load + "-trace-writer-percent";
        Map<String, Double> medians = turns.medians();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(untraced, medians.get(untraced));
        figures.put(traced, medians.get(traced));
        figures.put(load + "-trace-costs-percent", 100 * (turns.ratio(traced, untraced) - 1));
        figures.put(writer, medians.get(writer));
        figures.put(load + "-trace-lost", lost.get(load));
        return figures;
    }
}
