// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.regex.Pattern;

/** Any text in one line without quotes and semicolons: what is not plain becomes {@code \}{@code uXXXX}. */
final class Quoting {
    private static final Pattern ESCAPE = Pattern.compile("\\\\u([0-9a-f]{4})");

    private Quoting() {}

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f && c != '\'' && c != ';' && c != '\\') {
                quoted.append(c);
            } else {
                quoted.append("\\u").append("%04x".formatted((int) c));
            }
        }
        return quoted.toString();
    }

    static String unquote(String text) {
        return ESCAPE.matcher(text)
                .replaceAll(m -> java.util.regex.Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(m.group(1), 16))));
    }
}
