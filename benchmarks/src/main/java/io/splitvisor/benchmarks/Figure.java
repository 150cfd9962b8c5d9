// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One measured number.
 *
 * @param name what it is, its unit at the end
 * @param value the number
 */
public record Figure(String name, double value) {
    private static final String MARK = "FIGURE ";

    /** One line, for a console or a pipe. */
    public String line() {
        return MARK + name + " " + value;
    }

    /** All figures in a program's output. */
    public static Map<String, Double> findAll(String output) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (String line : output.split("\\R", -1)) {
            if (line.startsWith(MARK)) {
                String[] words = line.substring(MARK.length()).strip().split(" ", -1);
                figures.put(words[0], Double.parseDouble(words[1]));
            }
        }
        return figures;
    }
}
