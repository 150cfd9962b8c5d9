// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What followed the verb, read as getopt_long reads it: options and operands in any order, letters in clusters ({@code -lv}),
 * arguments attached or apart, long options by any unambiguous beginning, {@code --} ends the options.
 */
final class Arguments {
    private final Map<String, Integer> counts = new HashMap<>();
    private final Map<String, String> values = new HashMap<>();
    private final List<String> operands = new ArrayList<>();

    private Arguments() {}

    /** An option that there is not, or one without its argument. */
    static final class BadOption extends Exception {
        private static final long serialVersionUID = 1;

        BadOption(String message) {
            super(message, null, false, false);
        }

        static BadOption unknown(String option) {
            return new BadOption("option `" + option + "' not supported.");
        }

        static BadOption withoutArgument(String option) {
            return new BadOption("option `" + option + "' requires an argument.");
        }
    }

    static Arguments parse(Verb verb, List<String> words) throws BadOption {
        var options = new ArrayList<>(verb.options());
        options.addAll(Verbs.COMMON);
        var arguments = new Arguments();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--")) {
                arguments.operands.addAll(words.subList(i + 1, words.size()));
                break;
            }
            if (word.startsWith("--")) {
                i = arguments.longOption(options, words, i);
            } else if (word.length() > 1 && word.charAt(0) == '-') {
                i = arguments.letters(options, words, i);
            } else {
                arguments.operands.add(word);
                if (verb.name().equals("bench")) {
                    arguments.operands.addAll(words.subList(i + 1, words.size()));
                    break; // what follows is the benchmark's own
                }
            }
        }
        return arguments;
    }

    private int longOption(List<Option> options, List<String> words, int index) throws BadOption {
        String word = words.get(index);
        int equals = word.indexOf('=');
        String name = word.substring(2, equals < 0 ? word.length() : equals);
        Option option = longNamed(options, name);
        if (option == null || (equals >= 0 && !option.takesArgument())) {
            throw BadOption.unknown(word);
        }
        if (!option.takesArgument()) {
            counts.merge(option.key(), 1, Integer::sum);
            return index;
        }
        if (equals >= 0) {
            values.put(option.key(), word.substring(equals + 1));
            return index;
        }
        if (index + 1 == words.size()) {
            throw BadOption.withoutArgument(word);
        }
        values.put(option.key(), words.get(index + 1));
        return index + 1;
    }

    private static Option longNamed(List<Option> options, String name) {
        Option found = null;
        for (Option option : options) {
            if (option.name().equals(name)) {
                return option;
            }
            if (!name.isEmpty() && option.name().startsWith(name)) {
                if (found != null) {
                    return null;
                }
                found = option;
            }
        }
        return found;
    }

    private int letters(List<Option> options, List<String> words, int index) throws BadOption {
        String word = words.get(index);
        for (int i = 1; i < word.length(); i++) {
            Option option = lettered(options, word.charAt(i));
            if (option == null) {
                throw BadOption.unknown(String.valueOf(word.charAt(i)));
            }
            if (!option.takesArgument()) {
                counts.merge(option.key(), 1, Integer::sum);
                continue;
            }
            if (i + 1 < word.length()) {
                values.put(option.key(), word.substring(i + 1));
                return index;
            }
            if (index + 1 == words.size()) {
                throw BadOption.withoutArgument(String.valueOf(word.charAt(i)));
            }
            values.put(option.key(), words.get(index + 1));
            return index + 1;
        }
        return index;
    }

    private static Option lettered(List<Option> options, char letter) {
        for (Option option : options) {
            if (option.letter() == letter) {
                return option;
            }
        }
        return null;
    }

    /** Whether an option was given; it goes by its long name, or its letter where it has none. */
    boolean has(String key) {
        return counts.containsKey(key);
    }

    /** How often it was given. */
    int count(String key) {
        return counts.getOrDefault(key, 0);
    }

    /** Its last argument, or what stands for it. */
    String value(String key, String none) {
        return values.getOrDefault(key, none);
    }

    /** What is no option. */
    List<String> operands() {
        return operands;
    }
}
