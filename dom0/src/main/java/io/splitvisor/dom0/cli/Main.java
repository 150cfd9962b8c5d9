// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The program. */
public final class Main {
    private Main() {}

    /** Runs a command line and exits with its code. */
    public static void main(String[] args) {
        int code = run(args, FileDescriptor.out, FileDescriptor.err);
        // Not System.exit: no verb that ends here has left anything that a shutdown hook should see to.
        Runtime.getRuntime().halt(code);
    }

    /** Runs a command line with output to the given descriptors. */
    static int run(String[] args, FileDescriptor output, FileDescriptor errors) {
        PrintStream out = utf8(output, false);
        PrintStream err = utf8(errors, true);
        var environment =
                new Environment(System.in, out, err, System::getenv, Path.of("").toAbsolutePath());
        int code = new CommandLine(environment).run(List.of(args));
        out.flush();
        err.flush();
        return out.checkError() && code == 0 ? 1 : code; // the reader has gone, or the disk is full
    }

    /** Names are UTF-8 whatever the locale says. */
    private static PrintStream utf8(FileDescriptor descriptor, boolean flush) {
        var stream = new BufferedOutputStream(new FileOutputStream(descriptor), 8192);
        return new PrintStream(stream, flush, StandardCharsets.UTF_8);
    }
}
