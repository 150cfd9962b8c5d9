// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The terminal at standard input in raw mode, until closed or until the process ends. Done by {@code stty}, which every system
 * with terminals has, and which starts faster than a terminal library loads.
 */
final class RawTerminal implements AutoCloseable {
    private final String saved;
    private final Thread restorer;

    private RawTerminal(String saved) {
        this.saved = saved;
        this.restorer = new Thread(this::restore, "terminal-restorer");
    }

    /** Raw mode, if standard input is a terminal; else nothing changes. */
    static RawTerminal enter() {
        var terminal = new RawTerminal(stty("-g"));
        if (terminal.isTerminal()) {
            Runtime.getRuntime().addShutdownHook(terminal.restorer);
            stty("raw", "-echo", "opost"); // guests end lines with a line feed alone
        }
        return terminal;
    }

    boolean isTerminal() {
        return !saved.isEmpty();
    }

    @Override
    public void close() {
        if (isTerminal()) {
            restore();
            Runtime.getRuntime().removeShutdownHook(restorer);
        }
    }

    private void restore() {
        stty(saved);
    }

    /** Runs stty on standard input; its output, empty if it failed: not a terminal. */
    private static String stty(String... arguments) {
        var command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return process.waitFor() == 0 ? output : "";
        } catch (IOException e) {
            return ""; // no stty: lines instead of keys
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
