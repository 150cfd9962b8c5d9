// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which C structure a class of accessors stands for, and what its plain form does not tell. */
final class StructClass {
    final Class<?> type;
    final String struct;
    final Map<String, String> renamed = new HashMap<>();
    final Map<String, Long> counts = new HashMap<>();
    final Set<String> ordered = new HashSet<>();
    private final Set<String> only = new HashSet<>();

    private StructClass(Class<?> type, String struct) {
        this.type = type;
        this.struct = struct;
    }

    static StructClass of(Class<?> type, String struct) {
        return new StructClass(type, struct);
    }

    /** A field whose own name another constant has taken. */
    StructClass renames(String field, String constant) {
        renamed.put(field, constant);
        return this;
    }

    /** A constant that is no offset, and the value that it has to have. */
    StructClass counts(String constant, long value) {
        counts.put(constant, value);
        return this;
    }

    /** The fields that count, where a union has dozens of others. */
    StructClass only(String... fields) {
        only.addAll(Set.of(fields));
        return this;
    }

    /** Fields without plain accessors: a test of their own covers those with a memory order. */
    StructClass ordered(String... fields) {
        ordered.addAll(Set.of(fields));
        return this;
    }

    /** The fields by their constant's name. */
    Map<String, Layout.Field> fields() {
        Map<String, Layout.Field> result = new HashMap<>();
        (only.isEmpty() ? Layout.fields(struct) : Layout.fields(struct, only))
                .values()
                .forEach(field -> result.put(renamed.getOrDefault(field.name(), field.constant()), field));
        return result;
    }

    @Override
    public String toString() {
        return type.getSimpleName();
    }
}
