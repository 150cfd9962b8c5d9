// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The completion script, which picocli writes from a model made of the table of verbs. */
final class Completion {
    private Completion() {}

    static int run(Invocation in) {
        String script = AutoComplete.bash("splitvisor", new picocli.CommandLine(model()));
        in.environment().out().print(in.json() ? Json.pretty(Json.object("shell", "bash", "script", script)) : script);
        return 0;
    }

    /** The table of verbs as picocli sees it. */
    static CommandSpec model() {
        CommandSpec root = CommandSpec.create().name("splitvisor");
        root.addOption(OptionSpec.builder("--run-dir").type(java.io.File.class).build());
        root.addOption(OptionSpec.builder("--json").build());
        for (Verb verb : Verbs.TABLE) {
            root.addSubcommand(verb.name(), spec(verb));
        }
        root.addSubcommand("help", CommandSpec.create().name("help"));
        return root;
    }

    private static CommandSpec spec(Verb verb) {
        CommandSpec spec = CommandSpec.create().name(verb.name());
        spec.usageMessage().description(verb.summary());
        verb.options().forEach(option -> spec.addOption(spec(option)));
        Verbs.COMMON.forEach(option -> spec.addOption(spec(option)));
        if (verb.usage().contains("File")) {
            spec.addPositional(PositionalParamSpec.builder()
                    .paramLabel("FILE")
                    .type(List.class)
                    .auxiliaryTypes(java.io.File.class)
                    .arity("0..*")
                    .build());
        }
        return spec;
    }

    private static OptionSpec spec(Option option) {
        String[] names = option.name().isEmpty()
                ? new String[] {"-" + option.letter()}
                : option.letter() == ' '
                        ? new String[] {"--" + option.name()}
                        : new String[] {"-" + option.letter(), "--" + option.name()};
        OptionSpec.Builder builder = OptionSpec.builder(names).description(option.help());
        if (option.takesArgument()) {
            boolean file = option.argument().equals("FILE") || option.argument().equals("DIR");
            builder.type(file ? java.io.File.class : String.class)
                    .paramLabel(option.argument())
                    .arity("1");
        }
        return builder.build();
    }
}
