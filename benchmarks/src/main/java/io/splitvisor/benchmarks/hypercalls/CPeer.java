// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The same exchanges in C: compiled at run time, against the system's Xen headers. */
final class CPeer {
    private static final Path HEADER = Path.of("/usr/include/xen/io/ring.h");

    private final Path program;

    private CPeer(Path program) {
        this.program = program;
    }

    /** Why there is no peer; null if there is one. */
    static String missing() {
        if (!Files.exists(HEADER)) {
            return "Xen's headers (package libxen-dev)";
        }
        for (String folder : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, "gcc"))) {
                return null;
            }
        }
        return "a C compiler (gcc)";
    }

    static CPeer compile(Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve("hypercall.c");
        try (InputStream in = CPeer.class.getResourceAsStream("/c/hypercall.c")) {
            Files.write(source, in.readAllBytes());
        }
        Path program = folder.resolve("hypercall");
        run(List.of("gcc", "-O2", "-std=gnu11", "-o", program.toString(), source.toString()));
        return new CPeer(program);
    }

    double run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return Double.parseDouble(run(command).strip());
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }
}
