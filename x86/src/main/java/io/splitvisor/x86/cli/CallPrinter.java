// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.x86.linux.Task;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Prints system calls, by number. */
final class CallPrinter extends FullSpeed {
    private final PrintStream out;

    CallPrinter(PrintStream out) {
        this.out = out;
    }

    @Override
    public void called(Task task, long number, long[] arguments, long result) {
        String words = Arrays.stream(arguments).mapToObj(Long::toHexString).collect(Collectors.joining(", "));
        out.println("[" + task.id() + "] " + number + "(" + words + ") = " + Long.toHexString(result));
    }
}
