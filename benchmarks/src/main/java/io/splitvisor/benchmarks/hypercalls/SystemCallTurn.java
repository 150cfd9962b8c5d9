// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Counts the system calls of both ends while they are awake, for a million null hypercalls: by the kernel's own counters ({@link
 * PerfStat}), which do not stop the threads, or, where these cannot be had, by what the kernel tells of every thread.
 */
final class SystemCallTurn {
    /** The loop that serves the guest, as the kernel knows its thread. */
    private static final String LOOP = "io-loop-0";

    private static final long MILLIS = 3000;
    private static final long WINDOW_MILLIS = 20;
    private static final long WINDOWS = 100;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double MILLION = 1e6;

    private SystemCallTurn() {}

    /** System calls for each million of null hypercalls, of the guest's calling thread and of the loop. */
    static Map<String, Double> measure(Dialogue guest, PrintStream notes) throws IOException, InterruptedException {
        KernelThread caller = new KernelThread((long) guest.figure("thread", 0));
        Optional<KernelThread> loop = KernelThread.named(LOOP);
        if (loop.isEmpty()) {
            notes.println("System calls are left out, because there is no thread " + LOOP);
            return Map.of();
        }
        Map<String, KernelThread> threads = new LinkedHashMap<>();
        threads.put("guest", caller);
        threads.put("dom0", loop.get());
        Optional<String> missing = PerfStat.missing();
        missing.ifPresent(
                what -> notes.println("Reads, writes and waits of each thread are counted by /proc, because " + what));
        return missing.isEmpty() ? counted(guest, threads) : told(guest, threads);
    }

    /** All system calls, those of each of some kinds, and in what part of short windows there was none. */
    private static Map<String, Double> counted(Dialogue guest, Map<String, KernelThread> threads) {
        CompletableFuture<Map<KernelThread, PerfStat.Counts>> counting = CompletableFuture.supplyAsync(
                () -> PerfStat.count(List.copyOf(threads.values()), WINDOW_MILLIS, WINDOWS));
        double hypercalls = WINDOWS * WINDOW_MILLIS * NANOS_PER_MILLI / guest.figure("null", MILLIS) / MILLION;
        Map<KernelThread, PerfStat.Counts> counts = counting.join();
        Map<String, Double> figures = new LinkedHashMap<>();
        threads.forEach((who, thread) -> {
            PerfStat.Counts made = counts.get(thread);
            made.kinds().forEach((kind, count) -> figures.put(who + "-" + kind + "-per-million", count / hypercalls));
            figures.put(who + "-windows-without-percent", made.idlePercent());
        });
        return figures;
    }

    /** Reads and writes, which are the bells; and waits, which are what cannot be had without a system call. */
    private static Map<String, Double> told(Dialogue guest, Map<String, KernelThread> threads) throws IOException {
        Map<String, Long> before = told(threads);
        double hypercalls = MILLIS * NANOS_PER_MILLI / guest.figure("null", MILLIS) / MILLION;
        Map<String, Double> figures = new LinkedHashMap<>();
        told(threads)
                .forEach((name, count) -> figures.put(name + "-per-million", (count - before.get(name)) / hypercalls));
        return figures;
    }

    private static Map<String, Long> told(Map<String, KernelThread> threads) throws IOException {
        Map<String, Long> figures = new LinkedHashMap<>();
        for (Map.Entry<String, KernelThread> thread : threads.entrySet()) {
            figures.put(thread.getKey() + "-reads-and-writes", thread.getValue().transfers());
            figures.put(thread.getKey() + "-waits", thread.getValue().waits());
        }
        return figures;
    }
}
