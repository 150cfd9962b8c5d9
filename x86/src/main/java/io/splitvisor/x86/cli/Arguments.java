// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A command's options, which end at the first word that is none, and that word and all behind it. */
final class Arguments {
    private final Deque<String> words;

    Arguments(List<String> words) {
        this.words = new ArrayDeque<>(words);
    }

    /** The next option without its value, or null. {@code --} ends them. */
    String option() {
        String word = words.peek();
        if (word == null || !word.startsWith("-") || word.equals("-")) {
            return null;
        }
        words.remove();
        if (word.equals("--")) {
            return null;
        }
        int equals = word.startsWith("--") ? word.indexOf('=') : -1;
        if (equals > 0) {
            words.push(word.substring(equals + 1));
            return word.substring(0, equals);
        }
        return word;
    }

    /** The value of an option. */
    String value(String option) {
        if (words.isEmpty()) {
            throw new UsageException("option `" + option + "' requires an argument.");
        }
        return words.remove();
    }

    /** A number: decimal, or hexadecimal behind 0x. */
    long number(String option) {
        String text = value(option);
        try {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
        } catch (NumberFormatException _) {
            throw new UsageException("option `" + option + "': '" + text + "' is no number.");
        }
    }

    /** Bytes: a number with k, m or g behind it. */
    long bytes(String option) {
        String text = value(option).toLowerCase(java.util.Locale.ROOT);
        int unit = text.isEmpty() ? -1 : "kmg".indexOf(text.charAt(text.length() - 1));
        try {
            long n = Long.parseLong(unit < 0 ? text : text.substring(0, text.length() - 1));
            return Math.multiplyExact(n, 1L << (unit < 0 ? 0 : 10 * (unit + 1)));
        } catch (NumberFormatException | ArithmeticException _) {
            throw new UsageException("option `" + option + "': '" + text + "' is no size.");
        }
    }

    /** What is left. */
    List<String> rest() {
        return new ArrayList<>(words);
    }
}
