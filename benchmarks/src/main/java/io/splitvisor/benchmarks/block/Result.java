// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

import java.util.Locale;

/**
 * What came of a load.
 *
 * @param iops reads a second
 * @param p50Micros median latency of a read
 * @param p99Micros 99th percentile
 */
record Result(double iops, double p50Micros, double p99Micros) {
    private static final String MARK = "RESULT ";

    /** One line, for a console. */
    String line() {
        return MARK + iops + " " + p50Micros + " " + p99Micros;
    }

    /** The result in a console's output; null if there is none yet. */
    static Result find(String output) {
        for (String line : output.split("\\R", -1)) {
            if (line.startsWith(MARK)) {
                String[] words = line.substring(MARK.length()).strip().split(" ", -1);
                return new Result(
                        Double.parseDouble(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]));
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,12.0f /s  p50 %8.2f us  p99 %8.2f us", iops, p50Micros, p99Micros);
    }
}
