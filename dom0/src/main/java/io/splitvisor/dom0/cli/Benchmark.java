// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/** A benchmark that {@code splitvisor bench NAME} runs. Found as a service, so that this module needs none of them. */
public interface Benchmark {
    /** The word that selects it. */
    String name();

    /** What it measures, in one line. */
    String summary();

    /** The names of its parts, of which pieces may be given to choose some; empty where it is measured as a whole. */
    default List<String> parts() {
        return List.of();
    }

    /**
     * Runs it.
     *
     * @param arguments pieces of the names of the parts that are wanted; none for all
     * @param json whether to print JSON
     * @return the exit code
     * @throws IOException if something that it needs cannot be made, or answers nonsense
     */
    int run(List<String> arguments, boolean json, PrintStream out) throws IOException, InterruptedException;

    /** Whether a part is wanted, by the pieces of names that were given. */
    static boolean chosen(List<String> arguments, String part) {
        return arguments.isEmpty() || arguments.stream().anyMatch(part::contains);
    }
}
