// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

/**
 * An option of a verb.
 *
 * @param letter its short form, or a space for none
 * @param name its long form, or empty for none
 * @param argument what its argument is called in help, empty for none
 * @param help what it does
 */
record Option(char letter, String name, String argument, String help) {
    static Option flag(char letter, String name, String help) {
        return new Option(letter, name, "", help);
    }

    static Option valued(char letter, String name, String argument, String help) {
        return new Option(letter, name, argument, help);
    }

    boolean takesArgument() {
        return !argument.isEmpty();
    }

    /** What {@link Arguments} knows it by: the long form where there is one. */
    String key() {
        return name.isEmpty() ? String.valueOf(letter) : name;
    }

    /** {@code -f FILE, --defconfig=FILE}. */
    String usage() {
        String shortForm = letter == ' ' ? "" : "-" + letter + (takesArgument() ? " " + argument : "");
        String longForm = name.isEmpty() ? "" : "--" + name + (takesArgument() ? "=" + argument : "");
        return shortForm + (shortForm.isEmpty() || longForm.isEmpty() ? "" : ", ") + longForm;
    }
}
