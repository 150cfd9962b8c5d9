// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A thread as the kernel knows it.
 *
 * @param tid its number
 */
record KernelThread(long tid) {
    /** This process's thread of a name, for the kernel: 15 bytes of it; empty if there is none. */
    static Optional<KernelThread> named(String name) throws IOException {
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Optional.of(
                            new KernelThread(Long.parseLong(task.getFileName().toString())));
                }
            }
        }
        return Optional.empty();
    }

    /** How long it has run, in nanoseconds. */
    long runNanos() throws IOException {
        return Long.parseLong(file("schedstat").split(" ", -1)[0]);
    }

    /** How often it gave its processor away because it had to wait. */
    long waits() throws IOException {
        return figure("status", "voluntary_ctxt_switches:");
    }

    /** System calls that read or write: what the kernel counts of every thread. */
    long transfers() throws IOException {
        return figure("io", "syscr:") + figure("io", "syscw:");
    }

    private long figure(String file, String name) throws IOException {
        return file(file)
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.substring(name.length()).strip()))
                .findFirst()
                .orElseThrow(() -> new IOException("no " + name + " in " + file));
    }

    private String file(String name) throws IOException {
        return Files.readString(Path.of("/proc/" + tid + "/task/" + tid, name)).strip();
    }
}
