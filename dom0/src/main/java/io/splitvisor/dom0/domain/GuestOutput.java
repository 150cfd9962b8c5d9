// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.log.GuestText;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a guest said last: the best explanation of why it did not come up. */
final class GuestOutput {
    private static final int LINES = 10;

    private GuestOutput() {}

    /** The last lines on its console, each on a line of its own and made harmless; empty if it said nothing. */
    static String lastLines(ConsoleDevice console) {
        return lastLines(new String(console.history(), StandardCharsets.UTF_8));
    }

    static String lastLines(String history) {
        List<String> lines = history.lines().filter(line -> !line.isBlank()).toList();
        StringBuilder result = new StringBuilder();
        for (String line : lines.subList(Math.max(0, lines.size() - LINES), lines.size())) {
            result.append("\n    ").append(GuestText.harmless(line));
        }
        return result.toString();
    }
}
