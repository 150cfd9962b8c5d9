// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Counts the system calls of both ends while they are awake. */
final class SystemCallTurn {
    /** The loop that serves the guest, as the kernel knows its thread. */
    private static final String LOOP = "io-loop-0";

    private static final String YIELD = "sched_yield";
    private static final long MILLIS = 2000;

    private SystemCallTurn() {}

    /** System calls for each million of null hypercalls; nothing where there is no strace, or it may not trace. */
    static Map<String, Double> measure(Dialogue guest, Path folder) throws IOException, InterruptedException {
        Map<String, Double> figures = new LinkedHashMap<>();
        if (SystemCalls.available()) {
            long guestThread = (long) guest.figure("thread", 0);
            figures.putAll(count("guest", guest, guestThread, folder));
            Optional<Long> loop = SystemCalls.threadOf(LOOP);
            if (loop.isPresent()) {
                figures.putAll(count("dom0", guest, loop.get(), folder));
            }
        }
        return figures;
    }

    /** Of each kind, and all but those that offer the processor to somebody else, which are made where the other end has none. */
    private static Map<String, Double> count(String who, Dialogue guest, long tid, Path folder)
            throws IOException, InterruptedException {
        Map<String, Double> figures = new LinkedHashMap<>();
        Optional<SystemCalls> counting = SystemCalls.of(tid, folder);
        if (counting.isPresent()) {
            try (SystemCalls calls = counting.get()) {
                double perMillion = guest.figure("null", MILLIS) / MILLIS;
                double others = 0;
                for (Map.Entry<String, Long> kind : calls.counts().entrySet()) {
                    figures.put(who + "-" + kind.getKey() + "-per-million", kind.getValue() * perMillion);
                    others += kind.getKey().equals(YIELD) ? 0 : kind.getValue() * perMillion;
                }
                figures.put(who + "-system-calls-per-million", others);
            }
        }
        return figures;
    }
}
