// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * What a command has around it.
 *
 * @param in standard input
 * @param out for data
 * @param err for everything else
 * @param variables environment variables, null for those that are not set
 * @param folder the working folder, absolute
 */
record Environment(InputStream in, PrintStream out, PrintStream err, UnaryOperator<String> variables, Path folder) {
    /** A variable that is set and not empty, or what stands for it. */
    String variable(String name, String none) {
        String value = variables.apply(name);
        return value == null || value.isEmpty() ? none : value;
    }
}
