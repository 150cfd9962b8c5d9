// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.PrintStream;
import java.util.ArrayList;

/** Help, in xl's form. */
final class Help {
    private Help() {}

    static void all(PrintStream out) {
        out.print("Usage splitvisor [-vfNtT] [--run-dir DIR] [--json] <subcommand> [args]\n\n");
        out.print("splitvisor full list of subcommands:\n\n");
        for (Verb verb : Verbs.TABLE) {
            out.print(" " + padded(verb.name(), 19) + " " + verb.summary() + "\n");
        }
        out.print(" " + padded("help", 19) + " Print this list, or the help of a subcommand\n");
    }

    static void of(Verb verb, PrintStream out) {
        String flags = (verb.modifies() ? "f" : "") + (verb.dryRun() ? "N" : "");
        String usage = verb.usage().isEmpty() ? "" : " " + verb.usage();
        out.print("Usage: splitvisor [-vtT" + flags + "] " + verb.name() + usage + "\n\n" + verb.summary() + ".\n\n");
        out.print("Options:\n\n");
        var options = new ArrayList<>(verb.options());
        options.addAll(Verbs.COMMON);
        for (Option option : options) {
            String form = option.usage();
            String start = form.length() < 24 ? padded(form, 24) : form + "\n" + padded("", 24);
            out.print(start + option.help() + "\n");
        }
        out.print("\n");
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
