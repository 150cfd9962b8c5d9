// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which of a header's names a class of constants carries: those with a prefix, in upper case and without it, except what
 * is left out on purpose.
 */
final class ConstantClass {
    final Class<?> type;
    private final List<Part> parts = new ArrayList<>();

    private record Part(String header, String prefix, String leftOut, Map<String, String> renamed) {}

    private ConstantClass(Class<?> type) {
        this.type = type;
    }

    static ConstantClass of(Class<?> type) {
        return new ConstantClass(type);
    }

    /** All names with this prefix. */
    ConstantClass has(String header, String prefix) {
        return has(header, prefix, "-");
    }

    /** All names with this prefix but those that match the expression. */
    ConstantClass has(String header, String prefix, String leftOut) {
        parts.add(new Part(header, prefix, leftOut, Map.of()));
        return this;
    }

    /** Single names that another prefix, or another form in Java, would not find. */
    ConstantClass named(String header, String macro, String constant) {
        parts.add(new Part(header, "#", "-", Map.of(macro, constant)));
        return this;
    }

    /** The expected constants: name in Java to value. */
    Map<String, Long> expected() {
        Map<String, Long> result = new LinkedHashMap<>();
        for (Part part : parts) {
            Layout.constants(part.header).forEach((macro, value) -> {
                if (part.renamed.containsKey(macro)) {
                    result.put(part.renamed.get(macro), value);
                } else if (macro.startsWith(part.prefix) && !macro.matches(part.leftOut)) {
                    result.put(macro.substring(part.prefix.length()).toUpperCase(Locale.ROOT), value);
                }
            });
        }
        return result;
    }

    /** What {@code nameOf} answers for the numbers of the first prefix; the first of two names for a number wins. */
    Map<Long, String> expectedNames() {
        Part part = parts.getFirst();
        Map<Long, String> result = new LinkedHashMap<>();
        Layout.constants(part.header).forEach((macro, value) -> {
            if (macro.startsWith(part.prefix) && !macro.matches(part.leftOut)) {
                result.putIfAbsent(value, macro.substring(part.prefix.length()));
            }
        });
        return result;
    }

    @Override
    public String toString() {
        return type.getSimpleName();
    }
}
