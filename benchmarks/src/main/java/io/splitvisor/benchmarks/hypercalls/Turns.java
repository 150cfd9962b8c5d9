// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
