// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.ConsoleConnection;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;

/**
 * {@code console}: the user's terminal becomes the guest's. On a terminal every key goes to the guest as it is, until the
 * escape character; from a file or pipe, everything goes to the guest, and what it prints is shown until it ends.
 */
final class ConsoleCommand {
    static final String DEFAULT_ESCAPE = "^]";

    private ConsoleCommand() {}

    static int run(Invocation in) {
        String type = in.arguments().value("t", "pv");
        if (!type.equals("pv")) {
            in.log("console type supported are: pv");
            return 1;
        }
        if (!in.arguments().value("n", "0").equals("0")) {
            in.log("Unable to attach console");
            return 1;
        }
        return attach(in, in.operand(0), in.arguments().value("e", DEFAULT_ESCAPE));
    }

    /** Attaches until the user leaves or the domain ends. */
    static int attach(Invocation in, String domain, String escape) {
        try (ConsoleConnection console = in.client().console(domain);
                RawTerminal terminal = RawTerminal.enter()) {
            int leave = terminal.isTerminal() ? escapeByte(escape) : -1;
            Thread keys = Thread.ofPlatform().daemon(true).name("keys").start(() -> send(in, console, leave));
            show(console, in.environment().out());
            if (terminal.isTerminal()) {
                in.environment().err().print("\r\n");
            }
            keys.interrupt();
            return 0;
        }
    }

    private static void show(ConsoleConnection console, PrintStream out) {
        var chunk = new byte[4096];
        for (int n = console.read(chunk); n > 0; n = console.read(chunk)) {
            out.write(chunk, 0, n);
            out.flush();
        }
    }

    /** Ends the console at the escape character; at the end of a file it only stops sending. */
    private static void send(Invocation in, ConsoleConnection console, int leave) {
        var chunk = new byte[1024];
        try {
            for (int n = in.environment().in().read(chunk);
                    n > 0;
                    n = in.environment().in().read(chunk)) {
                int end = 0;
                while (end < n && (chunk[end] & 0xff) != leave) {
                    end++;
                }
                if (!console.write(chunk, 0, end) || end < n) {
                    console.close();
                    return;
                }
            }
        } catch (IOException _) {
            console.close(); // the terminal is gone, and nobody can leave any more
        }
    }

    /** {@code ^]} and its like, or a character that stands for itself. */
    static int escapeByte(String escape) {
        if (escape.length() == 2 && escape.charAt(0) == '^') {
            return escape.toUpperCase(Locale.ROOT).charAt(1) & 0x1f;
        }
        return escape.isEmpty() ? -1 : escape.charAt(0) & 0xff;
    }
}
