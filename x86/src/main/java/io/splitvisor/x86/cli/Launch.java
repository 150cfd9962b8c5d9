// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.host.RawSyscall;
import io.splitvisor.x86.linux.Family;
import io.splitvisor.x86.linux.HostPaths;
import io.splitvisor.x86.linux.Program;
import io.splitvisor.x86.linux.Runner;
import io.splitvisor.x86.linux.Task;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds a program as a shell does, and runs it with the caller's environment. */
final class Launch {
    /** How much memory a program may address where nothing else is said. */
    static final long DEFAULT_MEMORY = 32L << 30;

    private static final int SIGNAL_EXIT = 128;

    private final List<String> words;
    private final long memory;

    Launch(List<String> words, long memory) {
        if (words.isEmpty()) {
            throw new UsageException("which program?");
        }
        if (!RawSyscall.isX86Linux()) {
            throw new UsageException(
                    "needs Linux on x86-64: a program's system calls are passed to the host's kernel.");
        }
        if (memory < 16 << 20 || memory % (2 << 20) != 0 || memory > 64L << 30) {
            throw new UsageException("memory must be a multiple of 2m from 16m to 64g.");
        }
        this.words = words;
        this.memory = memory;
    }

    /** What happens once a program has been loaded, before it runs. */
    @FunctionalInterface
    interface Loaded {
        void loaded(Task task) throws IOException;
    }

    /** Runs it; returns what the shell would see: its exit code, or 128 and the signal that ended it. */
    int run(Runner runner, Loaded loaded) throws IOException {
        var program = new Program(
                HostPaths.bytes(find(words.getFirst())),
                words.stream().map(HostPaths::bytes).toList(),
                System.getenv().entrySet().stream()
                        .map(e -> HostPaths.bytes(e.getKey() + "=" + e.getValue()))
                        .toList());
        Family family = new Family(program, memory, runner);
        loaded.loaded(family.load());
        Thread hook = new Thread(() -> interrupt(family), "interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        int status = family.run();
        return (status & 0x7f) == 0 ? status >>> 8 & 0xff : SIGNAL_EXIT + (status & 0x7f);
    }

    /** Ctrl-C: the program's handler decides how it ends, and the JVM ends with it. */
    private static void interrupt(Family family) {
        if (family.interrupt()) {
            family.awaitEnd();
        }
    }

    private static String find(String name) throws IOException {
        if (name.contains("/")) {
            return name;
        }
        String path = System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (String folder : path.split(File.pathSeparator, -1)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder, name);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return file.toString();
            }
        }
        throw new IOException(name + ": not found in PATH");
    }
}
