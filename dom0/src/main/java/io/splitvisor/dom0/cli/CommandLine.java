// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.cli.Arguments.BadOption;
import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.JsonForms;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.List;

/** Words to a verb, a verb to its command. Exit codes are xl's: 0, 1 for what fails, 2 for wrong usage. */
final class CommandLine {
    private static final int USAGE = 2;

    private final Environment environment;

    CommandLine(Environment environment) {
        this.environment = environment;
    }

    int run(List<String> words) {
        Globals globals = Globals.parse(words);
        if (globals == null) {
            environment.err().println("unknown global option");
            return 1;
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
            return help(rest);
        }
        Verb verb = Verbs.find(word);
        if (verb == null) {
            environment.err().println(Verbs.isNotYet(word) ? word + ": not supported" : "command not implemented");
            return 1;
        }
        return run(verb, globals, rest);
    }

    private int help(List<String> rest) {
        if (rest.isEmpty() || rest.getFirst().equals("help")) {
            Help.all(environment.out());
        } else {
            Verb verb = Verbs.find(rest.getFirst());
            if (verb != null) {
                Help.of(verb, environment.out());
            } else {
                environment.out().print("command \"" + rest.getFirst() + "\" not implemented\n");
            }
        }
        return 0;
    }

    private int run(Verb verb, Globals globals, List<String> rest) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(verb, rest);
        } catch (BadOption e) {
            environment.err().println(e.getMessage());
            return USAGE;
        }
        if (arguments.has("help")) {
            Help.of(verb, environment.out());
            return 0;
        }
        String output = arguments.value("output", "table");
        if (!output.equals("table") && !output.equals("json")) {
            environment.err().println("unknown output format '" + output + "', expected table or json");
            return USAGE;
        }
        if (globals.dryRun() && !verb.dryRun()) {
            environment.err().println("command does not implement -N (dryrun) option");
            return 1;
        }
        if (arguments.operands().size() < verb.required()) {
            environment
                    .err()
                    .print("'splitvisor " + verb.name() + "' requires at least " + verb.required() + " argument"
                            + (verb.required() > 1 ? "s" : "") + ".\n\n");
            Help.of(verb, environment.out());
            return USAGE;
        }
        return guarded(new Invocation(verb, globals, arguments, environment));
    }

    private int guarded(Invocation invocation) {
        try {
            return Commands.run(invocation);
        } catch (ConfigException e) {
            return failed(invocation, Kind.BAD_CONFIG, e.getMessage(), e);
        } catch (ToolstackException e) {
            return failed(invocation, e.kind(), e.getMessage(), null);
        }
    }

    private int failed(Invocation invocation, Kind kind, String message, ConfigException config) {
        if (invocation.json()) {
            var problems = config == null ? List.<io.splitvisor.dom0.config.Problem>of() : config.problems();
            environment.out().print(Json.pretty(JsonForms.error(kind, message, problems)));
        } else {
            environment.err().println(message);
        }
        return kind.exitCode();
    }

    private static String version() {
        String version = CommandLine.class.getPackage().getImplementationVersion();
        return version == null ? "(unpackaged)" : version;
    }
}
