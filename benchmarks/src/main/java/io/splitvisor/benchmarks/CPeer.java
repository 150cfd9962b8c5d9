// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The same exchange in C: compiled at run time, against the system's Xen headers. */
public final class CPeer {
    private static final Path HEADER = Path.of("/usr/include/xen/io/ring.h");

    private final Path program;

    private CPeer(Path program) {
        this.program = program;
    }

    /** Why there is no peer; null if there is one. */
    public static String missing() {
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

    /**
     * Compiles a source of this module.
     *
     * @param name of a file in the resource folder {@code c}, without its ending
     * @param folder where source and program go
     */
    public static CPeer compile(String name, Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve(name + ".c");
        try (InputStream in = CPeer.class.getResourceAsStream("/c/" + name + ".c")) {
            Files.write(source, in.readAllBytes());
        }
        Path program = folder.resolve(name);
        output(List.of("gcc", "-O2", "-std=gnu11", "-o", program.toString(), source.toString()));
        return new CPeer(program);
    }

    /** Runs the program; what it printed. */
    public String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return output(command);
    }

    private static String output(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }
}
