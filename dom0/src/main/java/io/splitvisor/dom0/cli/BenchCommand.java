// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** {@code bench}: lists the benchmarks, or runs one. */
final class BenchCommand {
    private BenchCommand() {}

    static int run(Invocation in) {
        return in.operands().isEmpty() ? list(in, benchmarks()) : run(in, in.operand(0));
    }

    /** Runs one. */
    static int run(Invocation in, String name) {
        for (Benchmark benchmark : benchmarks()) {
            if (benchmark.name().equals(name)) {
                List<String> rest = in.operands().stream().skip(1).toList();
                return benchmark.run(rest, in.json(), in.environment().out());
            }
        }
        throw new ToolstackException(Kind.INVALID, "no benchmark '" + name + "'; 'splitvisor bench' lists them");
    }

    private static List<Benchmark> benchmarks() {
        return ServiceLoader.load(Benchmark.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(Benchmark::name))
                .toList();
    }

    private static int list(Invocation in, List<Benchmark> benchmarks) {
        if (in.json()) {
            var rows = new ArrayList<Object>();
            benchmarks.forEach(b -> rows.add(Json.object("name", b.name(), "summary", b.summary())));
            in.environment().out().print(Json.pretty(rows));
        } else {
            benchmarks.forEach(b -> in.environment().out().printf(" %-19s %s\n", b.name(), b.summary()));
        }
        return 0;
    }
}
