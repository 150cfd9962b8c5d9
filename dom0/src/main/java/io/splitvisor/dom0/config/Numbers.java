// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.OptionalInt;
import java.util.OptionalLong;

/** Numbers as C reads them: {@code 12}, {@code 0x1f}, {@code 017}. Never negative. */
final class Numbers {
    private Numbers() {}

    /** The number, empty where the text is none or beyond 63 bits. */
    static OptionalLong parse(String text) {
        try {
            if (text.matches("0[xX][0-9a-fA-F]+")) {
                return OptionalLong.of(Long.parseLong(text.substring(2), 16));
            }
            if (text.matches("0[0-7]+")) {
                return OptionalLong.of(Long.parseLong(text.substring(1), 8));
            }
            return text.matches("0|[1-9][0-9]*") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        } catch (NumberFormatException _) {
            return OptionalLong.empty(); // too long
        }
    }

    /** The number, empty where the text is none or beyond 31 bits. */
    static OptionalInt parseInt(String text) {
        OptionalLong number = parse(text);
        return number.isPresent() && number.getAsLong() <= Integer.MAX_VALUE
                ? OptionalInt.of((int) number.getAsLong())
                : OptionalInt.empty();
    }
}
