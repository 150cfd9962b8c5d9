// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.cli.Arguments.BadOption;
import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.config.Problem;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.JsonForms;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;

/** Words to a verb, a verb to its command. Exit codes are xl's: 0, 1 for what fails, 2 for wrong usage. */
final class CommandLine {
    static final int USAGE = 2;

    private final Environment environment;

    CommandLine(Environment environment) {
        this.environment = environment;
    }

    int run(List<String> words) {
        Globals globals;
        try {
            globals = Globals.parse(words);
        } catch (BadOption e) {
            return refused(wantsJson(words), Kind.INVALID, e.getMessage(), 1);
        }
        if (globals.version()) {
            environment.out().println("splitvisor " + version());
            return 0;
        }
        if (globals.rest().isEmpty()) {
            Help.all(environment.out());
            return 1;
        }
        String word = globals.rest().getFirst();
        List<String> rest = globals.rest().subList(1, globals.rest().size());
        if (word.equals("help")) {
            return help(rest, globals.json() || wantsJson(rest));
        }
        Verb verb = Verbs.find(word);
        if (verb == null) {
            String message = Verbs.isNotYet(word) ? word + ": not supported" : "command not implemented";
            return refused(globals.json() || wantsJson(rest), Kind.NOT_SUPPORTED, message, 1);
        }
        return run(verb, globals, rest);
    }

    private int help(List<String> words, boolean json) {
        List<String> rest = words.stream().filter(word -> !isForJson(word)).toList();
        Verb verb = rest.isEmpty() ? null : Verbs.find(rest.getFirst());
        if (rest.isEmpty() || rest.getFirst().equals("help")) {
            print(json, Help.json(), Help::all);
        } else if (verb != null) {
            print(json, Help.json(verb), out -> Help.of(verb, out));
        } else {
            String message = "command \"" + rest.getFirst() + "\" not implemented";
            if (json) {
                return refused(true, Kind.NOT_SUPPORTED, message, 1);
            }
            environment.out().print(message + "\n"); // xl's way
        }
        return 0;
    }

    private void print(boolean asJson, Object json, Consumer<PrintStream> text) {
        if (asJson) {
            environment.out().print(Json.pretty(json));
        } else {
            text.accept(environment.out());
        }
    }

    private int run(Verb verb, Globals globals, List<String> rest) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(verb, rest);
        } catch (BadOption e) {
            return refused(globals.json() || wantsJson(rest), Kind.INVALID, e.getMessage(), USAGE);
        }
        var invocation = new Invocation(verb, globals, arguments, environment);
        if (arguments.has("help")) {
            print(invocation.json(), Help.json(verb), out -> Help.of(verb, out));
            return 0;
        }
        String output = arguments.value("output", "table");
        if (!Globals.isFormat(output)) {
            return refused(invocation.json(), Kind.INVALID, Globals.unknownFormat(output), USAGE);
        }
        if (globals.dryRun() && !verb.dryRun()) {
            return refused(invocation.json(), Kind.INVALID, "command does not implement -N (dryrun) option", 1);
        }
        if (arguments.operands().size() < verb.required()) {
            String message = "'splitvisor " + verb.name() + "' requires at least " + verb.required() + " argument"
                    + (verb.required() > 1 ? "s" : "") + ".";
            if (invocation.json()) {
                return refused(true, Kind.INVALID, message, USAGE);
            }
            environment.err().print(message + "\n\n");
            Help.of(verb, environment.out());
            return USAGE;
        }
        return guarded(invocation);
    }

    /** Whether words that cannot be read as a command line ask for JSON. */
    private static boolean wantsJson(List<String> words) {
        return words.stream().anyMatch(CommandLine::isForJson);
    }

    private static boolean isForJson(String word) {
        return word.equals("--json") || word.equals("--output=json");
    }

    private int guarded(Invocation invocation) {
        try {
            return Commands.run(invocation);
        } catch (ConfigException e) {
            return refused(invocation.json(), Kind.BAD_CONFIG, e.getMessage(), e.problems(), 1);
        } catch (ToolstackException e) {
            return refused(invocation.json(), e.kind(), e.getMessage(), e.kind().exitCode());
        }
    }

    private int refused(boolean json, Kind kind, String message, int code) {
        return refused(json, kind, message, List.of(), code);
    }

    /** Says what is wrong: an object on standard output where JSON is wanted, else a line on standard error. */
    private int refused(boolean json, Kind kind, String message, List<Problem> problems, int code) {
        if (json) {
            environment.out().print(Json.pretty(JsonForms.error(kind, message.strip(), problems)));
        } else {
            environment.err().println(message);
        }
        return code;
    }

    private static String version() {
        String version = CommandLine.class.getPackage().getImplementationVersion();
        return version == null ? "(unpackaged)" : version;
    }
}
