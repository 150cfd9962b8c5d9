// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Writes JSON: maps, collections, strings, numbers, booleans, null, optionals as their value or null. The client has no JSON
 * library on its path, since loading one takes longer than all it does.
 */
public final class Json {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder text = new StringBuilder();
    private final boolean pretty;

    private Json(boolean pretty) {
        this.pretty = pretty;
    }

    /** An object with the given keys and values, in this order. */
    public static Map<String, Object> object(Object... keysAndValues) {
        var object = new LinkedHashMap<String, Object>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }

    /** The value on one line. */
    public static String line(Object value) {
        var json = new Json(false);
        json.value(value, 0);
        return json.text.toString();
    }

    /** The value on many lines, with a line end. */
    public static String pretty(Object value) {
        var json = new Json(true);
        json.value(value, 0);
        return json.text.append('\n').toString();
    }

    private void value(Object value, int depth) {
        switch (value) {
            case null -> text.append("null");
            case String string -> string(string);
            case Optional<?> optional -> value(optional.orElse(null), depth);
            case OptionalInt optional -> value(optional.isPresent() ? optional.getAsInt() : null, depth);
            case Map<?, ?> map -> object(map, depth);
            case Collection<?> items -> array(items, depth);
            case Integer number -> text.append(number.intValue());
            case Long number -> text.append(number.longValue());
            // JSON has no infinity, and no word for what is no number.
            case Double number -> text.append(Double.isFinite(number) ? number.toString() : "null");
            case Boolean flag -> text.append(flag.booleanValue());
            default -> string(value.toString());
        }
    }

    private void object(Map<?, ?> map, int depth) {
        text.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            text.append(separator);
            newline(depth + 1);
            string(entry.getKey().toString());
            text.append(pretty ? ": " : ":");
            value(entry.getValue(), depth + 1);
            separator = ",";
        }
        if (!map.isEmpty()) {
            newline(depth);
        }
        text.append('}');
    }

    private void array(Collection<?> items, int depth) {
        text.append('[');
        String separator = "";
        for (Object item : items) {
            text.append(separator);
            newline(depth + 1);
            value(item, depth + 1);
            separator = ",";
        }
        if (!items.isEmpty()) {
            newline(depth);
        }
        text.append(']');
    }

    private void newline(int depth) {
        if (pretty) {
            text.append('\n').repeat("    ", depth);
        }
    }

    private void string(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (needsEscape(string, i)) {
                        text.append("\\u").append(HEX.charAt(c >> 12)).append(HEX.charAt(c >> 8 & 15));
                        text.append(HEX.charAt(c >> 4 & 15)).append(HEX.charAt(c & 15));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    /** Controls; lone surrogates, which would be no UTF-8; line separators, which break readers that take lines. */
    private static boolean needsEscape(String string, int i) {
        char c = string.charAt(i);
        return c < ' ' || c == 127 || c == 0x2028 || c == 0x2029 || (Character.isSurrogate(c) && !paired(string, i));
    }

    private static boolean paired(String string, int i) {
        return Character.isHighSurrogate(string.charAt(i))
                ? i + 1 < string.length() && Character.isLowSurrogate(string.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(string.charAt(i - 1));
    }
}
