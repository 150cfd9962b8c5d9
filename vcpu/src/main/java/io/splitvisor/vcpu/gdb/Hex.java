// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import java.util.HexFormat;

/** Numbers and bytes as the protocol writes them. */
final class Hex {
    private static final HexFormat FORMAT = HexFormat.of();

    private Hex() {}

    static void append(StringBuilder text, int b) {
        FORMAT.toHexDigits(text, (byte) b);
    }

    static String of(byte[] bytes, int count) {
        return FORMAT.formatHex(bytes, 0, count);
    }

    /** Throws {@link IllegalArgumentException} for what is none. */
    static byte[] bytes(String text) {
        return FORMAT.parseHex(text);
    }

    /** Throws {@link NumberFormatException} for what is none. */
    static long number(String text) {
        return Long.parseUnsignedLong(text, 16);
    }
}
