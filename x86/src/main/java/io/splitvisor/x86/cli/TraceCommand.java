// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code x86 trace}. */
final class TraceCommand {
    private static final String HELP = """
            Usage: splitvisor x86 trace [options] PROGRAM [arguments]

            Runs a program and prints every instruction, with the registers that it has changed.

              -h, --help        this help
              -m, --memory N    how much memory the program may address (32g, of which only what is touched costs any; k, m, g)
              --from ADDRESS    starts when the program gets there (hexadecimal behind 0x); full speed until then
              --count N         prints so many instructions; full speed afterwards
              --last N          prints only the last N before a fault or the end
              -o FILE           prints there instead of on standard error
            """;

    private TraceCommand() {}

    static int run(Arguments arguments) throws IOException {
        long memory = Launch.DEFAULT_MEMORY;
        long from = Tracer.FROM_START;
        long count = Long.MAX_VALUE;
        int last = Tracer.ALL;
        OutputStream file = null;
        String option;
        while ((option = arguments.option()) != null) {
            switch (option) {
                case "-h", "--help" -> {
                    System.out.print(HELP);
                    return 0;
                }
                case "-m", "--memory" -> memory = arguments.bytes(option);
                case "--from" -> from = arguments.number(option);
                case "--count" -> count = arguments.number(option);
                case "--last" -> last = Math.clamp(arguments.number(option), 1, 1 << 20);
                case "-o" -> file = Files.newOutputStream(Path.of(arguments.value(option)));
                default -> throw new UsageException("option `" + option + "' not supported.");
            }
        }
        var launch = new Launch(arguments.rest(), memory);
        if (file == null) {
            return trace(launch, new Tracer(System.err, from, count, last));
        }
        try (PrintStream out = new PrintStream(file, false, StandardCharsets.UTF_8)) {
            return trace(launch, new Tracer(out, from, count, last));
        }
    }

    private static int trace(Launch launch, Tracer tracer) throws IOException {
        int code = launch.run(tracer, tracer::loaded);
        tracer.finish();
        return code;
    }
}
