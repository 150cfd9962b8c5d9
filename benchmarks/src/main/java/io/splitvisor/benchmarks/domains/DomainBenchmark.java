// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.domains;

import io.splitvisor.benchmarks.GuestRun;
import io.splitvisor.benchmarks.TemporaryFolder;
import io.splitvisor.dom0.cli.Benchmark;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Starts 50 JVM guests one after the other and times {@code create} to the guest's first line; has ten idle ones, and
 * measures what they and Dom0 use of a core; has a hundred, lists them, has each answer on its console, and destroys them.
 */
public final class DomainBenchmark implements Benchmark {
    private static final String CREATE = "create to the first line";
    private static final String TEN_IDLE = "ten idle domains";
    private static final String HUNDRED = "a hundred domains";
    private static final int STARTS = 50;
    private static final int IDLE = 10;
    private static final int IDLE_SECONDS = 10;
    private static final int MANY = 100;
    private static final int MEMORY_MIB = 16;

    @Override
    public String name() {
        return "domains";
    }

    @Override
    public String summary() {
        return "create to first line, ten idle domains, a hundred domains";
    }

    @Override
    public List<String> parts() {
        return List.of(CREATE, TEN_IDLE, HUNDRED);
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) throws IOException, InterruptedException {
        Map<String, Object> figures = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        try (TemporaryFolder folder = TemporaryFolder.create();
                Dom0Launcher.Dom0 dom0 = GuestRun.dom0(folder, "domains")) {
            Toolstack toolstack = dom0.toolstack();
            if (Benchmark.chosen(arguments, CREATE)) {
                tell(starts(toolstack), figures, lines);
            }
            if (Benchmark.chosen(arguments, TEN_IDLE)) {
                double idle = idle(toolstack);
                figures.put("idle_ten_domains_percent_of_core", idle);
                lines.add(String.format(
                        Locale.ROOT, "%d idle domains and Dom0                     %.3f %% of a core", IDLE, idle));
            }
            if (Benchmark.chosen(arguments, HUNDRED)) {
                tell(many(toolstack), figures, lines);
            }
        }
        if (json) {
            out.print(Json.pretty(figures));
        } else {
            lines.forEach(out::println);
        }
        return 0;
    }

    private static void tell(double[] starts, Map<String, Object> figures, List<String> lines) {
        double p50 = starts[starts.length / 2];
        double p99 = starts[(int) Math.ceil(starts.length * 0.99) - 1];
        figures.put("create_to_first_line_ms_p50", p50);
        figures.put("create_to_first_line_ms_p99", p99);
        lines.add(String.format(
                Locale.ROOT,
                "create to the guest's first line, %d times   p50 %.1f ms, p99 %.1f ms",
                starts.length,
                p50,
                p99));
    }

    private static void tell(Many many, Map<String, Object> figures, List<String> lines) {
        figures.put("hundred_create_s", many.createSeconds);
        figures.put("hundred_answer_s", many.answerSeconds);
        figures.put("hundred_destroy_s", many.destroySeconds);
        figures.put("pss_mib_per_domain", many.pssMib);
        lines.add(String.format(
                Locale.ROOT,
                "%d domains                                 created in %.1f s, all answered in %.2f s, destroyed in %.1f s",
                MANY,
                many.createSeconds,
                many.answerSeconds,
                many.destroySeconds));
        lines.add(String.format(Locale.ROOT, "memory of a guest's process (Pss)            %.1f MiB", many.pssMib));
    }

    private record Many(double createSeconds, double answerSeconds, double destroySeconds, double pssMib) {}

    private static double[] starts(Toolstack toolstack) {
        double[] millis = new double[STARTS];
        for (int i = 0; i < STARTS; i++) {
            long start = System.nanoTime();
            int domid = create(toolstack, "start" + i);
            try (ConsoleStream console = toolstack.console(domid)) {
                expect(console, "up");
            }
            millis[i] = (System.nanoTime() - start) / 1e6;
            toolstack.destroy(domid);
        }
        Arrays.sort(millis);
        return millis;
    }

    private static double idle(Toolstack toolstack) throws InterruptedException {
        List<Integer> domids = new ArrayList<>();
        for (int i = 0; i < IDLE; i++) {
            domids.add(create(toolstack, "idle" + i));
        }
        // Start-up work, such as compiling, is over after a while.
        Thread.sleep(4000);
        long before = cpuNanos(toolstack);
        long start = System.nanoTime();
        Thread.sleep(IDLE_SECONDS * 1000L);
        double share = 100.0 * (cpuNanos(toolstack) - before) / (System.nanoTime() - start);
        domids.forEach(domid -> toolstack.destroy(domid));
        return share;
    }

    private static Many many(Toolstack toolstack) {
        long start = System.nanoTime();
        List<Integer> domids = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            domids.add(create(toolstack, "many" + i));
        }
        double create = seconds(start);
        if (toolstack.list().size() != MANY + 1) {
            throw new IllegalStateException("list shows " + toolstack.list().size() + " domains");
        }
        start = System.nanoTime();
        for (int domid : domids) {
            try (ConsoleStream console = toolstack.console(domid)) {
                byte[] question = "?".getBytes(StandardCharsets.UTF_8);
                console.write(question, 0, question.length);
                expect(console, "?");
            }
        }
        double answer = seconds(start);
        double pss = pssMib();
        start = System.nanoTime();
        domids.forEach(domid -> toolstack.destroy(domid));
        return new Many(create, answer, seconds(start), pss);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    /** Proportional memory of this process's children, the guests, in MiB for each. */
    private static double pssMib() {
        double total = 0;
        int count = 0;
        for (ProcessHandle child : ProcessHandle.current().children().toList()) {
            Path rollup = Path.of("/proc", Long.toString(child.pid()), "smaps_rollup");
            try {
                for (String line : Files.readAllLines(rollup)) {
                    if (line.startsWith("Pss:")) {
                        total += Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
                        count++;
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("a guest ended in the middle of the benchmark", e);
            }
        }
        return total / Math.max(count, 1);
    }

    private static long cpuNanos(Toolstack toolstack) {
        return toolstack.list().stream().mapToLong(DomainInfo::cpuTimeNanos).sum();
    }

    private static void expect(ConsoleStream console, String text) {
        StringBuilder seen = new StringBuilder();
        byte[] buffer = new byte[256];
        while (seen.indexOf(text) < 0) {
            int count = console.read(buffer, 0, buffer.length);
            if (count < 0) {
                throw new IllegalStateException("the guest ended; it said: " + seen);
            }
            seen.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
        }
    }

    private static int create(Toolstack toolstack, String name) {
        DomainConfig config = GuestRun.config(name, IdleGuest.class, List.of())
                .memory(MEMORY_MIB, MEMORY_MIB)
                .build();
        return toolstack.create(config, CreateOptions.START);
    }
}
