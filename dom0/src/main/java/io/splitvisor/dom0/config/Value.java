// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A value as it stands in the text. Like xl, a number is text until someone asks for a number. */
public sealed interface Value {
    /** The line where the value starts, from 1. */
    int line();

    /** What an error message calls this kind of value. */
    String kind();

    /**
     * A string or a number.
     *
     * @param text the text, escapes resolved
     * @param quoted whether it stood in quotes
     * @param line the line, from 1
     * @param folder what it is relative to if it is a path: the file's folder, or the user's for the command line
     */
    record Atom(String text, boolean quoted, int line, Path folder) implements Value {
        @Override
        public String kind() {
            return quoted ? "a string" : "a number";
        }

        @Override
        public String toString() {
            return quoted ? '"' + text + '"' : text;
        }
    }

    /**
     * A list, possibly of lists.
     *
     * @param items what is in it
     * @param line the line of its opening bracket, from 1
     */
    record Items(List<Value> items, int line) implements Value {
        /** Copies the list. */
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }

        @Override
        public String toString() {
            return items.stream().map(Value::toString).collect(Collectors.joining(", ", "[", "]"));
        }
    }
}
