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
        PrintStream out = utf8(FileDescriptor.out);
        PrintStream err = utf8(FileDescriptor.err);
        var environment =
                new Environment(System.in, out, err, System::getenv, Path.of("").toAbsolutePath());
        int code = new CommandLine(environment).run(List.of(args));
        out.flush();
        err.flush();
        if (out.checkError() && code == 0) {
            code = 1; // the reader has gone, or the disk is full
        }
        // Not System.exit: no verb that ends here has left anything that a shutdown hook should see to.
        Runtime.getRuntime().halt(code);
    }

    /** Names are UTF-8 whatever the locale says. */
    private static PrintStream utf8(FileDescriptor descriptor) {
        var stream = new BufferedOutputStream(new FileOutputStream(descriptor), 8192);
        return new PrintStream(stream, descriptor == FileDescriptor.err, StandardCharsets.UTF_8);
    }
}
