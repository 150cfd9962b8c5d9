// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Operation;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of a slot as a line of text: {@code READ nr_segments=1 id=7 seg=[{gref=12 first_sect=0 last_sect=7}]}. Takes any
 * bytes. Zeros at the end of an array are left out, long runs of bytes are cut.
 */
public final class TraceDecoder {
    private static final int MAX_BYTES = 32;

    private final Protocol protocol;

    public TraceDecoder(Protocol protocol) {
        this.protocol = protocol;
    }

    /** A request, as its operation lays it out. */
    public String request(MemorySegment memory, long at) {
        if (protocol.operationField().isEmpty()) {
            return fields(protocol.request().fields(), memory, at);
        }
        Field.Scalar field = protocol.operationField().get();
        long number = field.read(memory, at);
        Optional<Operation> operation = protocol.operation(number);
        Struct struct = operation.map(Operation::request).orElse(protocol.request());
        String name = operation.map(Operation::name).orElse("operation " + number);
        // Alternatives may call the field otherwise, but have it at the same place.
        List<Field> rest = struct.fields().stream()
                .filter(other -> other.offset() != field.offset())
                .toList();
        return name + " " + fields(rest, memory, at);
    }

    /** A response. */
    public String response(MemorySegment memory, long at) {
        return fields(protocol.response().fields(), memory, at);
    }

    private static String fields(List<Field> fields, MemorySegment memory, long at) {
        var out = new StringBuilder();
        for (Field field : fields) {
            out.append(out.isEmpty() ? "" : " ")
                    .append(field.name())
                    .append('=')
                    .append(value(field, memory, at));
        }
        return out.toString();
    }

    private static String value(Field field, MemorySegment memory, long at) {
        return switch (field) {
            case Field.Scalar scalar -> number(scalar, memory, at);
            case Field.Bytes bytes -> hex(memory, at + bytes.offset(), bytes.length());
            case Field.Array<?> array -> {
                var out = new StringBuilder("[");
                int used = used(
                        memory,
                        at + array.offset(),
                        array.count(),
                        array.element().size());
                for (int i = 0; i < used; i++) {
                    out.append(i == 0 ? "" : " ").append(number(array.element(), memory, array.at(at, i)));
                }
                yield out.append(']').toString();
            }
            case Field.Structs structs -> {
                Struct element = structs.element();
                if (structs.count() == 0) {
                    yield "{" + fields(element.fields(), memory, structs.at(at)) + "}";
                }
                var out = new StringBuilder("[");
                int used = used(memory, structs.at(at), structs.count(), element.size());
                for (int i = 0; i < used; i++) {
                    out.append('{')
                            .append(fields(element.fields(), memory, structs.at(at, i)))
                            .append('}');
                }
                yield out.append(']').toString();
            }
        };
    }

    private static String number(Field.Scalar field, MemorySegment memory, long at) {
        long value = field.read(memory, at);
        return field.signed() ? Long.toString(value) : Long.toUnsignedString(value);
    }

    private static String hex(MemorySegment memory, long at, int length) {
        int shown = Math.min(used(memory, at, length, 1), MAX_BYTES);
        var bytes = new byte[shown];
        MemorySegment.copy(memory, JAVA_BYTE, at, bytes, 0, shown);
        return HexFormat.of().formatHex(bytes) + (used(memory, at, length, 1) > shown ? "..." : "");
    }

    /** How many elements there are in front of the zeros at the end. */
    private static int used(MemorySegment memory, long at, int count, long size) {
        long end = count * size;
        while (end > 0 && memory.get(JAVA_BYTE, at + end - 1) == 0) {
            end--;
        }
        return (int) ((end + size - 1) / size);
    }
}
