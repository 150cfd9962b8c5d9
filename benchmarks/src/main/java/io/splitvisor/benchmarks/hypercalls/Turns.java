// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.CPeer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What was measured by turns: a figure of each kind in each turn. */
final class Turns {
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();

    void add(String name, double value) {
        figures.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
    }

    /** Forgets all: that was for warming up. */
    void clear() {
        figures.clear();
    }

    /** What a peer in C measures and prints, if there is one. */
    void add(CPeer c, String name, String what, long... numbers) throws IOException, InterruptedException {
        if (c != null) {
            String[] arguments = Stream.concat(
                            Stream.of(what), Arrays.stream(numbers).mapToObj(Long::toString))
                    .toArray(String[]::new);
            add(name, Double.parseDouble(c.run(arguments).strip()));
        }
    }

    /** The median of each figure. */
    Map<String, Double> medians() {
        Map<String, Double> medians = new LinkedHashMap<>();
        figures.forEach((name, values) -> medians.put(name, median(values)));
        return medians;
    }

    /** The median of what one figure is of another one in the same turn: whatever the machine did then, it did to both. */
    double ratio(String of, String to) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < figures.get(of).size(); i++) {
            ratios.add(figures.get(of).get(i) / figures.get(to).get(i));
        }
        return median(ratios);
    }

    /** In how many turns a figure was more than twice its lowest. */
    double slow(String name) {
        double least = figures.get(name).stream()
                .mapToDouble(Double::doubleValue)
                .min()
                .orElseThrow();
        return figures.get(name).stream().filter(value -> value > 2 * least).count();
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
