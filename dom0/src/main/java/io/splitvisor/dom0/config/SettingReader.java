// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Typed reads of settings. A value of the wrong kind becomes a problem and counts as not given. */
final class SettingReader {
    private final Map<String, Setting> settings;
    private final List<Problem> problems;

    SettingReader(Map<String, Setting> settings, List<Problem> problems) {
        this.settings = settings;
        this.problems = problems;
    }

    boolean has(String key) {
        return settings.containsKey(key);
    }

    Optional<Setting> setting(String key) {
        return Optional.ofNullable(settings.get(key));
    }

    void problem(Setting setting, String message) {
        problems.add(setting.problem(message));
    }

    /** A string or number as text; empty text counts as not given. */
    Optional<String> text(String key) {
        Optional<Setting> setting = setting(key);
        if (setting.isEmpty()) {
            return Optional.empty();
        }
        if (setting.get().value() instanceof Value.Atom atom) {
            return Optional.of(atom.text()).filter(t -> !t.isEmpty());
        }
        problem(setting.get(), "found a list, expected a string");
        return Optional.empty();
    }

    /** A number between two bounds, in C's bases; quoted ones count, as they do for xl. */
    OptionalLong number(String key, long least, long most) {
        Optional<Setting> setting = setting(key);
        if (setting.isEmpty()) {
            return OptionalLong.empty();
        }
        OptionalLong number =
                setting.get().value() instanceof Value.Atom atom ? Numbers.parse(atom.text()) : OptionalLong.empty();
        if (number.isEmpty() || number.getAsLong() < least || number.getAsLong() > most) {
            problem(
                    setting.get(),
                    "found " + shown(setting.get().value()) + ", expected a number from " + least + " to " + most);
            return OptionalLong.empty();
        }
        return number;
    }

    boolean flag(String key) {
        return number(key, 0, 1).orElse(0) == 1;
    }

    /** A list of strings; on the command line a single string is a list of one. */
    List<String> strings(String key) {
        return atoms(key).stream().map(Value.Atom::text).toList();
    }

    private List<Value.Atom> atoms(String key) {
        Optional<Setting> found = setting(key);
        if (found.isEmpty()) {
            return List.of();
        }
        Setting setting = found.get();
        return switch (setting.value()) {
            case Value.Items list -> {
                var atoms = new ArrayList<Value.Atom>();
                for (Value item : list.items()) {
                    if (item instanceof Value.Atom atom) {
                        atoms.add(atom);
                    } else {
                        problems.add(new Problem(
                                setting.source(), item.line(), key, "found a list in the list, expected a string"));
                    }
                }
                yield atoms;
            }
            case Value.Atom atom when setting.source().equals(ConfigSource.COMMAND_LINE) -> List.of(atom);
            case Value.Atom _ -> {
                problem(setting, "found " + shown(setting.value()) + ", expected a list of strings: [ '...' ]");
                yield List.of();
            }
        };
    }

    /** A string split at white space (quotes keep it together), or a list of strings taken as it is. */
    List<String> words(String key) {
        Optional<Setting> setting = setting(key);
        if (setting.isPresent() && setting.get().value() instanceof Value.Atom atom) {
            return Words.split(atom.text());
        }
        return strings(key);
    }

    Optional<Path> path(String key) {
        Optional<String> text = text(key);
        return text.isPresent() && settings.get(key).value() instanceof Value.Atom atom
                ? resolve(settings.get(key), atom.folder(), text.get())
                : Optional.empty();
    }

    /** A list of paths, or one string with colons between them. */
    List<Path> paths(String key) {
        Optional<Setting> setting = setting(key);
        if (setting.isPresent() && setting.get().value() instanceof Value.Atom atom) {
            return Arrays.stream(atom.text().split(":", -1))
                    .filter(text -> !text.isBlank())
                    .flatMap(text -> resolve(setting.get(), atom.folder(), text).stream())
                    .toList();
        }
        return atoms(key).stream()
                .filter(atom -> !atom.text().isBlank())
                .flatMap(atom -> resolve(setting.orElseThrow(), atom.folder(), atom.text()).stream())
                .toList();
    }

    /** One of a set of words. */
    <T> Optional<T> word(String key, Function<String, Optional<T>> words, String expected) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<T> word = words.apply(text.get());
        if (word.isEmpty()) {
            problem(settings.get(key), "found '" + Lexer.printable(text.get()) + "', expected one of " + expected);
        }
        return word;
    }

    /**
     * Every item of a list, and what it is relative to, through a parser that throws IllegalArgumentException; what that
     * refuses becomes a problem.
     */
    <T> List<T> each(String key, BiFunction<String, Path, T> parser) {
        var results = new ArrayList<T>();
        for (Value.Atom atom : atoms(key)) {
            try {
                results.add(parser.apply(atom.text(), atom.folder()));
            } catch (IllegalArgumentException e) {
                String message = e.getMessage() + " in '" + Lexer.printable(atom.text()) + "'";
                problems.add(new Problem(settings.get(key).source(), atom.line(), key, message));
            }
        }
        return results;
    }

    private Optional<Path> resolve(Setting setting, Path folder, String text) {
        try {
            return Optional.of(folder.resolve(text).normalize());
        } catch (InvalidPathException _) {
            problem(setting, "'" + Lexer.printable(text) + "' is no file name");
            return Optional.empty();
        }
    }

    private static String shown(Value value) {
        return switch (value) {
            case Value.Items _ -> "a list";
            case Value.Atom atom when atom.quoted() -> "'" + Lexer.printable(atom.text()) + "'";
            case Value.Atom atom -> Lexer.printable(atom.text());
        };
    }
}
