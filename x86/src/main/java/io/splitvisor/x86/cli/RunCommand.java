// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.x86.linux.Runner;
import java.io.IOException;
import java.nio.file.Path;

/** {@code x86 run}. */
final class RunCommand {
    private static final String HELP = """
            Usage: splitvisor x86 run [options] PROGRAM [arguments]

            Runs a static or dynamic program for x86-64 Linux on the virtual processor. Its exit code becomes ours; 128 and
            the signal's number where a signal ended it.

              -h, --help        this help
              -m, --memory N    how much memory it may address (32g, of which only what is touched costs any; k, m, g)
              --gdb SOCKET      wait for gdb on a Unix socket, and run the program under it
              --strace          print its system calls on standard error
            """;

    private RunCommand() {}

    static int run(Arguments arguments) throws IOException {
        long memory = Launch.DEFAULT_MEMORY;
        Runner runner = new FullSpeed();
        Launch.Loaded loaded = task -> {};
        String option;
        while ((option = arguments.option()) != null) {
            switch (option) {
                case "-h", "--help" -> {
                    System.out.print(HELP);
                    return 0;
                }
                case "-m", "--memory" -> memory = arguments.bytes(option);
                case "--gdb" -> {
                    var debugged = new Debugged(Path.of(arguments.value(option)));
                    runner = debugged;
                    loaded = debugged::loaded;
                }
                case "--strace" -> runner = new CallPrinter(System.err);
                default -> throw new UsageException("option `" + option + "' not supported.");
            }
        }
        return new Launch(arguments.rest(), memory).run(runner, loaded);
    }
}
