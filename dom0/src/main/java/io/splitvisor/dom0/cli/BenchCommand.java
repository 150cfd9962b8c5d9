// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.FileError;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** {@code bench}: lists the benchmarks, or runs one. */
final class BenchCommand {
    private static final List<String> FORMATS = List.of("--json", "--output=json", "--output=table");

    private BenchCommand() {}

    static int run(Invocation in) {
        List<String> words = in.operands();
        return words.isEmpty() ? list(in, benchmarks()) : run(in, words.getFirst(), words.subList(1, words.size()));
    }

    /** Runs one, or explains it. */
    static int run(Invocation in, String name, List<String> words) {
        Benchmark benchmark = benchmarks().stream()
                .filter(b -> b.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ToolstackException(
                        Kind.INVALID, "no benchmark '" + name + "'; 'splitvisor bench' lists them"));
        if (words.contains("--help") || words.contains("-h")) {
            in.environment().out().print(help(benchmark));
            return 0;
        }
        boolean json = in.json() || words.contains("--json") || words.contains("--output=json");
        List<String> parts =
                words.stream().filter(word -> !FORMATS.contains(word)).toList();
        for (String part : parts) {
            if (benchmark.parts().stream().noneMatch(title -> title.contains(part))) {
                throw new ToolstackException(
                        Kind.INVALID,
                        "bench " + name + ": '" + part + "' is in none of its parts\n\n" + help(benchmark));
            }
        }
        try {
            return benchmark.run(parts, json, in.environment().out());
        } catch (IOException e) {
            throw new ToolstackException(Kind.FAILED, "bench " + name + ": " + FileError.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "bench " + name + ": interrupted", e);
        }
    }

    private static String help(Benchmark benchmark) {
        boolean whole = benchmark.parts().isEmpty();
        var text = new StringBuilder("Usage: splitvisor bench " + benchmark.name() + " [--json]"
                + (whole ? "" : " [part...]") + "\n\n" + benchmark.summary() + ".\n");
        if (!whole) {
            text.append("\nA part is chosen by a piece of its name; without any, all are measured:\n\n");
            benchmark.parts().forEach(part -> text.append("  ").append(part).append('\n'));
        }
        return text.toString();
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
