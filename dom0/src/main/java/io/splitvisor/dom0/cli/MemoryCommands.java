// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.Locale;
import java.util.OptionalLong;

/** {@code mem-set} and {@code mem-max}: a size with xl's units, KiB without one. */
final class MemoryCommands {
    private static final String UNITS = "bkmgt";

    private MemoryCommands() {}

    static int run(Invocation in) {
        OptionalLong kib = kib(in.operand(1));
        if (kib.isEmpty()) {
            throw new ToolstackException(Kind.INVALID, "invalid memory size: " + in.operand(1));
        }
        String path = in.verb().name().equals("mem-set") ? "/memory" : "/maxmem";
        return in.show("POST", Invocation.domain(in.operand(0)) + path, Json.line(Json.object("kib", kib.getAsLong())));
    }

    /** The size in KiB; empty if it is none, or too large. */
    static OptionalLong kib(String text) {
        String word = text.toLowerCase(Locale.ROOT);
        int unit = word.isEmpty() ? -1 : UNITS.indexOf(word.charAt(word.length() - 1));
        String digits = unit < 0 ? word : word.substring(0, word.length() - 1);
        if (digits.isEmpty() || digits.length() > 12 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return OptionalLong.empty();
        }
        long number = Long.parseLong(digits);
        if (unit == 0) {
            return OptionalLong.of(number >> 10);
        }
        int shift = unit < 0 ? 0 : 10 * (unit - 1);
        return number > Long.MAX_VALUE >> shift ? OptionalLong.empty() : OptionalLong.of(number << shift);
    }
}
