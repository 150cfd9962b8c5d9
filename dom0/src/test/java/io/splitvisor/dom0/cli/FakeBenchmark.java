// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.io.PrintStream;
import java.util.List;

/** Measures nothing, and says how it was asked. */
public final class FakeBenchmark implements Benchmark {
    @Override
    public String name() {
        return "fake";
    }

    @Override
    public String summary() {
        return "how it was asked";
    }

    @Override
    public List<String> parts() {
        return List.of("hot loop", "cold loop");
    }

    @Override
    public int run(List<String> arguments, boolean json, PrintStream out) {
        out.print(json ? "[\"" + String.join(",", arguments) + "\"]\n" : "measured " + arguments + "\n");
        return 0;
    }
}
