// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import java.io.PrintStream;
import java.util.stream.Stream;

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
        for (Option option : options(verb).toList()) {
            String form = option.usage();
            String start = form.length() < 24 ? padded(form, 24) : form + "\n" + padded("", 24);
            out.print(start + option.help() + "\n");
        }
        out.print("\n");
    }

    /** All verbs, for programs. */
    static Object json() {
        return Verbs.TABLE.stream()
                .map(verb -> Json.object("name", verb.name(), "summary", verb.summary()))
                .toList();
    }

    /** One verb, for programs. */
    static Object json(Verb verb) {
        return Json.object(
                "name", verb.name(),
                "usage", verb.usage(),
                "summary", verb.summary(),
                "options",
                        options(verb)
                                .map(option -> Json.object(
                                        "letter", option.letter() == ' ' ? null : String.valueOf(option.letter()),
                                        "name", option.name().isEmpty() ? null : option.name(),
                                        "argument", option.takesArgument() ? option.argument() : null,
                                        "help", option.help()))
                                .toList());
    }

    private static Stream<Option> options(Verb verb) {
        return Stream.concat(verb.options().stream(), Verbs.COMMON.stream());
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
