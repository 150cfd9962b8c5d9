// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a C compiler made of Xen's public headers: {@code xen-abi/layout.json}. */
final class Layout {
    private static final JsonNode ROOT = read();

    private Layout() {}

    /** A field of a structure; {@code elem} is the size of an array's element, else of the field. */
    record Field(String name, long offset, long size, long elem, boolean signed) {
        /** Its name in Java: unnamed unions leave no trace. */
        String constant() {
            return (name.startsWith("u.") ? name.substring(2) : name)
                    .replace('.', '_')
                    .toUpperCase(Locale.ROOT);
        }

        boolean isArray() {
            return elem != size;
        }
    }

    static long size(String struct) {
        return struct(struct).get("size").longValue();
    }

    /** The fields that carry something: no padding, no unions and structures whose members have entries themselves. */
    static Map<String, Field> fields(String struct) {
        Map<String, Field> result = new LinkedHashMap<>();
        allFields(struct("structs", struct)).forEach(field -> result.put(field.name, field));
        List<String> names = List.copyOf(result.keySet());
        names.stream()
                .filter(name -> isPadding(name) || names.stream().anyMatch(other -> other.startsWith(name + ".")))
                .forEach(result::remove);
        return result;
    }

    /** Some fields, unions among them. */
    static Map<String, Field> fields(String struct, Set<String> names) {
        Map<String, Field> result = new LinkedHashMap<>();
        allFields(struct("structs", struct)).stream()
                .filter(field -> names.contains(field.name))
                .forEach(field -> result.put(field.name, field));
        return result;
    }

    static List<Field> fields32(String struct) {
        return allFields(struct("structs_x86_32", struct));
    }

    static long size32(String struct) {
        return struct("structs_x86_32", struct).get("size").longValue();
    }

    /** Constants of a header, named by its path without ".h". */
    static Map<String, Long> constants(String header) {
        Map<String, Long> result = new LinkedHashMap<>();
        ROOT.get("constants")
                .get(header)
                .properties()
                .forEach(entry -> result.put(entry.getKey(), bits(entry.getValue())));
        return result;
    }

    static String string(String header, String name) {
        return ROOT.get("strings").get(header).get(name).stringValue();
    }

    /** A table's rows: name to number, in the header's order. */
    static Map<String, Long> table(String name, String numberKey) {
        Map<String, Long> result = new LinkedHashMap<>();
        ROOT.get("tables")
                .get(name)
                .forEach(row -> result.put(row.get("name").stringValue(), bits(row.get(numberKey))));
        return result;
    }

    static long count(String name) {
        return ROOT.get("computed").get("counts").get(name).longValue();
    }

    private static List<Field> allFields(JsonNode struct) {
        return struct.get("fields").properties().stream()
                .map(entry -> field(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static Field field(String name, JsonNode node) {
        long size = node.get("size").longValue();
        return new Field(
                name,
                node.get("offset").longValue(),
                size,
                node.path("elem").longValue(size),
                node.path("signed").booleanValue(false));
    }

    private static boolean isPadding(String name) {
        return name.matches("(.*\\.)?_*(pad\\d?|rsvd|spacer)");
    }

    private static JsonNode struct(String name) {
        return struct("structs", name);
    }

    private static JsonNode struct(String group, String name) {
        JsonNode result = ROOT.get(group).get(name);
        if (result == null) {
            throw new AssertionError("no struct " + name + " in Xen's headers");
        }
        return result;
    }

    private static long bits(JsonNode number) {
        return number.bigIntegerValue().longValue();
    }

    private static JsonNode read() {
        try (InputStream in = Layout.class.getResourceAsStream("/xen-abi/layout.json")) {
            return JsonMapper.shared().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
