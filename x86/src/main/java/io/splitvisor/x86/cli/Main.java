// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.host.HostException;
import java.io.IOException;
import java.util.List;

/** {@code splitvisor x86}. */
public final class Main {
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;

    private static final String HELP = """
            Usage: splitvisor x86 COMMAND [options] PROGRAM [arguments]

            Runs x86-64 programs for Linux on the virtual processor, with the caller's rights to the host's files.

              run     runs a program
              trace   runs a program and prints its instructions
              boot    boots a Multiboot kernel on a board of its own
              bench   measures the processor, beside QEMU's (as 'splitvisor bench x86')

            'splitvisor x86 COMMAND --help' explains one.
            """;

    private Main() {}

    /**
     * Runs a command and ends the JVM with its exit code.
     *
     * @param arguments the command and what belongs to it
     */
    public static void main(String... arguments) {
        int code = run(List.of(arguments));
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    private static int run(List<String> words) {
        String command = words.isEmpty() ? "" : words.getFirst();
        List<String> rest = words.isEmpty() ? words : words.subList(1, words.size());
        try {
            return switch (command) {
                case "run" -> RunCommand.run(new Arguments(rest));
                case "trace" -> TraceCommand.run(new Arguments(rest));
                case "boot" -> BootCommand.run(new Arguments(rest));
                case "help", "-h", "--help" -> help();
                case "" -> {
                    System.err.print(HELP);
                    yield WRONG_USAGE;
                }
                default -> throw new UsageException("command not implemented: " + command);
            };
        } catch (UsageException e) {
            System.err.println("splitvisor x86: " + e.getMessage());
            return WRONG_USAGE;
        } catch (IOException | HostException e) {
            System.err.println("splitvisor x86: " + message(e));
            return FAILED;
        }
    }

    private static String message(Exception e) {
        return switch (e) {
            case java.nio.file.NoSuchFileException f -> f.getFile() + ": no such file";
            case java.nio.file.AccessDeniedException f -> f.getFile() + ": permission denied";
            default -> e.getMessage();
        };
    }

    private static int help() {
        System.out.print(HELP);
        return 0;
    }
}
