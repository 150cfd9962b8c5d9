// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether, and which, colours tell domains apart. */
final class Colours {
    private static final int[] CODES = {36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94, 91};

    private Colours() {}

    /** On a terminal that has them, unless NO_COLOR says otherwise. */
    static boolean wanted(Environment environment) {
        return environment.variable("NO_COLOR", "").isEmpty()
                && !environment.variable("TERM", "dumb").equals("dumb")
                && isTerminal(Path.of("/proc/self/fd/1"));
    }

    /** Asked of the descriptor itself: the JDK's console wants standard input to be a terminal, too. */
    static boolean isTerminal(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException _) {
            return false;
        }
    }

    /** The start of a colour; any number has one. */
    static String start(int number) {
        return "\033[" + CODES[Math.floorMod(number, CODES.length)] + "m";
    }

    static String end() {
        return "\033[0m";
    }
}
