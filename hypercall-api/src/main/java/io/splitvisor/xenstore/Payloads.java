// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Payloads as the protocol writes them: strings that end in NUL, and raw bytes at the end of some. Strings here are bytes,
 * one to a character: paths and tokens are compared and given back, never displayed.
 */
public final class Payloads {
    private static final byte[] NUL = {0};

    private Payloads() {}

    /** What requests without arguments carry: one NUL. */
    public static byte[] nothing() {
        return NUL.clone();
    }

    /** Each string, and a NUL after it. */
    public static byte[] strings(String... strings) {
        return strings(Arrays.asList(strings));
    }

    /**
     * Each string, and a NUL after it.
     *
     * @throws IllegalArgumentException if a string has a NUL inside, which would make it two, or no single byte
     */
    public static byte[] strings(List<String> strings) {
        byte[][] parts = new byte[strings.size()][];
        int length = 0;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = bytes(strings.get(i));
            length += parts[i].length + 1;
        }
        byte[] payload = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, payload, at, part.length);
            at += part.length + 1;
        }
        return payload;
    }

    /** A string, its NUL, and bytes. */
    public static byte[] withValue(String string, byte[] value) {
        byte[] first = bytes(string);
        byte[] payload = new byte[first.length + 1 + value.length];
        System.arraycopy(first, 0, payload, 0, first.length);
        System.arraycopy(value, 0, payload, first.length + 1, value.length);
        return payload;
    }

    /** The strings that end in NUL; bytes after the last NUL are left out. */
    public static List<String> split(byte[] payload, int from) {
        List<String> strings = new ArrayList<>();
        int start = from;
        for (int i = from; i < payload.length; i++) {
            if (payload[i] == 0) {
                strings.add(new String(payload, start, i - start, StandardCharsets.ISO_8859_1));
                start = i + 1;
            }
        }
        return strings;
    }

    private static byte[] bytes(String string) {
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c == 0 || c > 0xff) {
                throw new IllegalArgumentException("a character that no path or token can have");
            }
        }
        return string.getBytes(StandardCharsets.ISO_8859_1);
    }
}
