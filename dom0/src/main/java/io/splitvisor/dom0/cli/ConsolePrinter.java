// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.log.GuestText;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Several consoles on one screen: whole lines, each behind its domain's name. What a guest writes is made harmless first, so
 * that it cannot steer the user's terminal. A line that a guest rewrites in place (a progress bar) is rewritten in place on a
 * terminal, and shown once, as it was in the end, elsewhere.
 */
final class ConsolePrinter {
    /** Longer lines are cut into pieces, so that a guest that writes no line end cannot fill memory. */
    private static final int MAX_LINE = 8192;

    private final PrintStream out;
    private final boolean terminal;
    private final int width;
    private final Map<String, Integer> numbers = new HashMap<>();
    private String openLine = "";

    /**
     * @param names the domains, for the width of their column
     * @param terminal whether lines may be coloured and rewritten
     */
    ConsolePrinter(PrintStream out, List<String> names, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
        this.width = Math.clamp(names.stream().mapToInt(String::length).max().orElse(1), 1, 24);
        names.forEach(this::number);
    }

    private synchronized int number(String name) {
        return numbers.computeIfAbsent(name, _ -> numbers.size());
    }

    /** The console of one domain. */
    Lines lines(String name) {
        return new Lines(name);
    }

    private String prefix(String name) {
        String text = name + " ".repeat(Math.max(0, width - name.length())) + " | ";
        return terminal ? Colours.start(number(name)) + text + Colours.end() : text;
    }

    private synchronized void print(String name, String line, boolean finished) {
        if (!finished && !terminal) {
            return;
        }
        if (!openLine.isEmpty()) {
            out.print(openLine.equals(name) ? "\r\033[K" : "\n");
        }
        out.print(prefix(name) + line + (finished ? "\n" : ""));
        out.flush();
        openLine = finished ? "" : name;
    }

    /** Ends a line that is still open. */
    synchronized void finish() {
        if (!openLine.isEmpty()) {
            out.print("\n");
            openLine = "";
        }
        out.flush();
    }

    /** Bytes of one console to lines. */
    final class Lines implements AutoCloseable {
        private final String name;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private boolean returned;

        private Lines(String name) {
            this.name = name;
        }

        void add(byte[] bytes, int count) {
            for (int i = 0; i < count; i++) {
                add(bytes[i]);
            }
        }

        /** A carriage return shows the line as it is; what follows, unless it is the line's end, replaces it. */
        private void add(byte b) {
            if (b == '\n') {
                end();
            } else if (b == '\r') {
                returned = true;
                print(name, text(), false);
            } else {
                if (returned || line.size() >= MAX_LINE) {
                    endOrReplace();
                }
                line.write(b);
            }
        }

        private void endOrReplace() {
            if (returned) {
                line.reset();
                returned = false;
            } else {
                end();
            }
        }

        private void end() {
            print(name, text(), true);
            line.reset();
            returned = false;
        }

        private String text() {
            return GuestText.harmless(line.toString(StandardCharsets.UTF_8));
        }

        /** The end of the console: what stands there without a line end is a line. */
        @Override
        public void close() {
            if (line.size() > 0) {
                end();
            }
        }
    }
}
