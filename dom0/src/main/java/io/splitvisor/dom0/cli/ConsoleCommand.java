// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.ConsoleConnection;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code console}: the user's terminal becomes the guest's. On a terminal every key goes to the guest as it is, until the
 * escape character; from a file or pipe, everything goes to the guest. The end of the input is the end of the console, as with
 * xenconsole, but not before the guest has had a moment to answer, and has fallen silent.
 */
final class ConsoleCommand {
    static final String DEFAULT_ESCAPE = "^]";

    private static final int CHUNK = 4096;

    /** A guest that prints nothing for so long after the end of the input has nothing to say to it. */
    private static final long QUIET_NANOS = 500_000_000L;

    /** A guest that prints all the time is left after this time. */
    private static final long LONGEST_NANOS = 10_000_000_000L;

    private ConsoleCommand() {}

    static int run(Invocation in) {
        String type = in.arguments().value("t", "pv");
        if (!type.equals("pv")) {
            throw new ToolstackException(Kind.INVALID, "console type supported are: pv");
        }
        String number = in.arguments().value("n", "0");
        if (!number.matches("[0-9]{1,9}")) {
            throw new ToolstackException(Kind.INVALID, "'" + number + "' is no console number");
        }
        String escape = in.arguments().value("e", DEFAULT_ESCAPE);
        if (!escape.matches("(\\^?[\\x00-\\xff])?")) {
            throw new ToolstackException(
                    Kind.INVALID, "'" + escape + "' is no escape character; expected one, or ^ and a letter");
        }
        return attach(in, in.operand(0), Integer.parseInt(number), escape);
    }

    /** Attaches until the user leaves or the domain ends. */
    static int attach(Invocation in, String domain, int number, String escape) {
        try (ConsoleConnection console = in.client().console(domain, number);
                RawTerminal terminal = RawTerminal.enter()) {
            int leave = terminal.isTerminal() ? escapeByte(escape) : -1;
            var shown = new AtomicLong(System.nanoTime());
            Thread keys = Thread.ofPlatform().daemon(true).name("keys").start(() -> {
                if (send(in, console, leave)) {
                    awaitSilence(shown, QUIET_NANOS, LONGEST_NANOS);
                }
                console.close();
            });
            show(in, console, shown);
            if (terminal.isTerminal()) {
                in.environment().err().print("\r\n");
            }
            keys.interrupt();
            return 0;
        }
    }

    /** Shows what the guest prints; as JSON, an object for each piece of it. */
    private static void show(Invocation in, ConsoleConnection console, AtomicLong shown) {
        PrintStream out = in.environment().out();
        CharsetDecoder utf8 = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        var chunk = new byte[CHUNK];
        ByteBuffer left = ByteBuffer.allocate(CHUNK + 4);
        for (int n = console.read(chunk); n > 0; n = console.read(chunk)) {
            if (in.json()) {
                CharBuffer text = CharBuffer.allocate(CHUNK + 4);
                utf8.decode(left.put(chunk, 0, n).flip(), text, false);
                left.compact();
                out.println(Json.line(Json.object("output", text.flip().toString())));
            } else {
                out.write(chunk, 0, n);
            }
            out.flush();
            shown.set(System.nanoTime());
        }
    }

    /** Sends until the escape character, the end of the input, or the end of the console; true for the second. */
    private static boolean send(Invocation in, ConsoleConnection console, int leave) {
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
                    return false;
                }
            }
            return true;
        } catch (IOException _) {
            return false; // the terminal is gone, and nobody can leave any more
        }
    }

    /** Waits until nothing was shown for some time, or until the longest time is over. */
    static void awaitSilence(AtomicLong shown, long quietNanos, long longestNanos) {
        long start = System.nanoTime();
        long now = start;
        while (now - start < longestNanos && !Thread.interrupted()) {
            long silent = now - Math.max(start, shown.get());
            if (silent >= quietNanos) {
                return;
            }
            LockSupport.parkNanos(Math.min(quietNanos - silent, longestNanos - (now - start)));
            now = System.nanoTime();
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
