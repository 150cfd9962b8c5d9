// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Counts system calls of threads with {@code perf stat}: the kernel counts, and nobody is stopped. */
final class PerfStat {
    /** Every system call. */
    private static final String ALL = "raw_syscalls:sys_enter";

    private static final String KIND = "syscalls:sys_enter_";

    /** What is expected, if anything: an offered processor, a sleep, a bell, a lock. */
    private static final List<String> KINDS = List.of("sched_yield", "epoll_wait", "epoll_pwait2", "write", "futex");

    private static final Path TRACE_POINTS = Path.of("/sys/kernel/tracing/events/syscalls");

    private static final long WARM_UP_MILLIS = 300;

    private PerfStat() {}

    /** Why it cannot count; empty if it can. */
    static Optional<String> missing() throws IOException, InterruptedException {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, "perf"))) {
                String said = run(List.of("perf", "stat", "-x,", "-e", ALL, "true"));
                return said.contains("," + ALL + ",") ? Optional.empty() : Optional.of("perf says: " + said.strip());
            }
        }
        return Optional.of("there is no perf");
    }

    /** Waits a moment, then counts for some time. */
    static Map<KernelThread, Map<String, Long>> count(List<KernelThread> threads, long millis) {
        String tids = threads.stream().map(t -> Long.toString(t.tid())).collect(Collectors.joining(","));
        List<String> command = new ArrayList<>(
                List.of("perf", "stat", "-x,", "--per-thread", "--timeout", Long.toString(millis), "-t", tids));
        command.addAll(List.of("-e", ALL));
        for (String kind : KINDS) {
            if (Files.exists(TRACE_POINTS.resolve("sys_enter_" + kind))) {
                command.addAll(List.of("-e", KIND + kind));
            }
        }
        try {
            Thread.sleep(WARM_UP_MILLIS);
            return parse(threads, run(command));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Lines of {@code name-tid,count,unit,event,...}. What a thread that never ran did is not counted: it did nothing. */
    private static Map<KernelThread, Map<String, Long>> parse(List<KernelThread> threads, String output) {
        Map<KernelThread, Map<String, Long>> counts = new LinkedHashMap<>();
        for (KernelThread thread : threads) {
            Map<String, Long> kinds = counts.computeIfAbsent(thread, _ -> new LinkedHashMap<>());
            for (String line : output.split("\n", -1)) {
                String[] fields = line.split(",", -1);
                if (fields.length > 3 && fields[0].endsWith("-" + thread.tid())) {
                    String name = fields[3].equals(ALL) ? "system-calls" : fields[3].replace(KIND, "");
                    kinds.put(name, fields[1].matches("[0-9]+") ? Long.parseLong(fields[1]) : 0);
                }
            }
        }
        return counts;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process perf = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        perf.waitFor();
        return output;
    }
}
