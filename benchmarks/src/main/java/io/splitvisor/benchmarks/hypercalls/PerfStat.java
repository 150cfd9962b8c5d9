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

    private static final String TOTAL = "system-calls";

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
                boolean counted = said.lines().anyMatch(line -> line.matches("\\d+,,\\Q" + ALL + "\\E,.*"));
                return counted ? Optional.empty() : Optional.of("perf says: " + said.strip());
            }
        }
        return Optional.of("there is no perf");
    }

    /**
     * What one thread did.
     *
     * @param kinds system calls of each kind, and all
     * @param windows all in each window
     */
    record Counts(Map<String, Long> kinds, List<Long> windows) {
        private void add(String kind, long count) {
            kinds.merge(kind, count, Long::sum);
            if (kind.equals(TOTAL)) {
                windows.add(count);
            }
        }

        /** The part of the windows, in percent, in which there was none. */
        double idlePercent() {
            return 100.0 * windows.stream().filter(count -> count == 0).count() / windows.size();
        }
    }

    /** Waits a moment, then counts in windows that follow each other. */
    static Map<KernelThread, Counts> count(List<KernelThread> threads, long windowMillis, long windows) {
        String tids = threads.stream().map(t -> Long.toString(t.tid())).collect(Collectors.joining(","));
        List<String> command = new ArrayList<>(List.of("perf", "stat", "-x,", "--per-thread", "-t", tids));
        command.addAll(
                List.of("-I", Long.toString(windowMillis), "--interval-count", Long.toString(windows), "-e", ALL));
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

    /** Lines of {@code time,name-tid,count,unit,event,...}. What a thread that did not run did is not counted: it did nothing. */
    private static Map<KernelThread, Counts> parse(List<KernelThread> threads, String output) throws IOException {
        Map<KernelThread, Counts> all = new LinkedHashMap<>();
        for (KernelThread thread : threads) {
            Counts counts = new Counts(new LinkedHashMap<>(), new ArrayList<>());
            for (String line : output.split("\n", -1)) {
                String[] fields = line.split(",", -1);
                if (fields.length > 4 && fields[1].endsWith("-" + thread.tid())) {
                    String kind = fields[4].equals(ALL) ? TOTAL : fields[4].replace(KIND, "");
                    counts.add(kind, fields[2].matches("[0-9]+") ? Long.parseLong(fields[2]) : 0);
                }
            }
            if (counts.windows.isEmpty()) {
                throw new IOException("perf counted nothing: " + output.strip());
            }
            all.put(thread, counts);
        }
        return all;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process perf = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        perf.waitFor();
        return output;
    }
}
