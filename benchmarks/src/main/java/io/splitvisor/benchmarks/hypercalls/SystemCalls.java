// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Counts the system calls of one thread, with {@code strace -c}. */
final class SystemCalls implements AutoCloseable {
    private static final String TOTAL = "total";

    /** Part of the time, seconds, microseconds a call, calls, errors if there are any, name. */
    private static final Pattern ROW =
            Pattern.compile("^\\s*[\\d.]+\\s+[\\d.]+\\s+\\d+\\s+(\\d+)\\s+(?:\\d+\\s+)?(\\w+)$");

    private final Process strace;
    private final Path summary;

    private SystemCalls(Process strace, Path summary) {
        this.strace = strace;
        this.summary = summary;
    }

    /** Whether there is a strace. */
    static boolean available() {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, "strace"))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Starts to count; returns when it does.
     *
     * @return empty if the thread cannot be traced
     */
    static Optional<SystemCalls> of(long tid, Path folder) throws IOException {
        Path summary = folder.resolve("strace-" + tid);
        Process strace = new ProcessBuilder(List.of("strace", "-c", "-p", Long.toString(tid), "-o", summary.toString()))
                .redirectErrorStream(true)
                .start();
        BufferedReader said =
                new BufferedReader(new InputStreamReader(strace.getInputStream(), StandardCharsets.UTF_8));
        String first = said.readLine();
        boolean attached = first != null && first.contains("attached");
        if (!attached) {
            strace.destroy();
        }
        return attached ? Optional.of(new SystemCalls(strace, summary)) : Optional.empty();
    }

    /** This process's thread of a name, for the kernel; empty if there is none. */
    static Optional<Long> threadOf(String name) throws IOException {
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Optional.of(Long.parseLong(task.getFileName().toString()));
                }
            }
        }
        return Optional.empty();
    }

    /** Stops; how many there were of each kind. */
    Map<String, Long> counts() throws IOException, InterruptedException {
        strace.destroy();
        strace.waitFor();
        Map<String, Long> counts = new TreeMap<>();
        for (String line : Files.readAllLines(summary)) {
            Matcher row = ROW.matcher(line);
            if (row.find() && !row.group(2).equals(TOTAL)) {
                counts.put(row.group(2), Long.parseLong(row.group(1)));
            }
        }
        return counts;
    }

    @Override
    public void close() {
        strace.destroy();
    }
}
