// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.dom0.management.Json;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What came of a load, as the example drivers' guests print it.
 *
 * @param who the driver, or what it is compared with
 * @param what the part of the load
 * @param perSecond operations a second
 * @param megabytes 10^6 bytes a second
 * @param p50Micros median time of a batch
 * @param p99Micros 99th percentile
 */
record LoadLine(String who, String what, double perSecond, double megabytes, double p50Micros, double p99Micros) {
    private static final Pattern LINE = Pattern.compile(
            "(\\w+): (\\w+): ([0-9.]+) operations a second, ([0-9.]+) MB/s, .* p50 ([0-9.]+), p99 ([0-9.]+) microseconds");

    /** The results in a program's output. */
    static List<LoadLine> in(String output) {
        return LINE.matcher(output)
                .results()
                .map(line -> new LoadLine(
                        line.group(1),
                        line.group(2),
                        Double.parseDouble(line.group(3)),
                        Double.parseDouble(line.group(4)),
                        Double.parseDouble(line.group(5)),
                        Double.parseDouble(line.group(6))))
                .toList();
    }

    /** The same, of another part. */
    LoadLine of(String part) {
        return new LoadLine(who, part, perSecond, megabytes, p50Micros, p99Micros);
    }

    String text() {
        return String.format(
                Locale.ROOT,
                "%-10s %-15s %,10.0f /s %9.2f MB/s  p50 %8.1f us  p99 %8.1f us",
                who,
                what,
                perSecond,
                megabytes,
                p50Micros,
                p99Micros);
    }

    Object json() {
        return Json.object(
                "who", who,
                "what", what,
                "per_second", perSecond,
                "mb_per_second", megabytes,
                "p50_us", p50Micros,
                "p99_us", p99Micros);
    }
}
