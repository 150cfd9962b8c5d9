// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Limit;
import io.splitvisor.driver.Operation;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.util.List;
import java.util.Locale;

/**
 * A protocol as a C header, for native guests and back ends. Gaps are fields of their own, so that the layout is the declared
 * one whatever the compiler's rules for padding, and static assertions hold every size and offset. It needs C11 and
 * {@code stdint.h}, and takes {@code grant_ref_t} from Xen's grant_table.h where that was included before.
 */
public final class CHeader {
    private final Protocol protocol;
    private final String prefix;
    private final StringBuilder out = new StringBuilder();

    private CHeader(Protocol protocol) {
        this.protocol = protocol;
        this.prefix = protocol.type().toUpperCase(Locale.ROOT);
    }

    /** The text of {@code TYPE.h}. */
    public static String of(Protocol protocol) {
        var header = new CHeader(protocol);
        header.all();
        return header.out.toString();
    }

    private void all() {
        String guard = "SPLITVISOR_" + prefix + "_H";
        out.append("/* SPDX-License-Identifier: Apache-2.0 */\n");
        out.append("/* The ring protocol of ")
                .append(protocol)
                .append(". Made from its declaration; do not edit. */\n");
        out.append("#ifndef ").append(guard).append("\n#define ").append(guard).append("\n\n");
        out.append("#include <stddef.h>\n#include <stdint.h>\n\n");
        out.append("#ifndef __XEN_PUBLIC_GRANT_TABLE_H__\ntypedef uint32_t grant_ref_t;\n#endif\n\n");
        constants();
        List<Struct> structs = ProtocolStructs.of(protocol);
        structs.forEach(this::struct);
        slot();
        structs.forEach(this::assertions);
        out.append("\n#endif /* ").append(guard).append(" */\n");
    }

    private void constants() {
        define("TYPE", quoted(protocol.type()));
        if (protocol.version() != 0) {
            define("VERSION", String.valueOf(protocol.version()));
        }
        define("MAX_QUEUES", String.valueOf(protocol.queues()));
        define("MAX_RING_PAGE_ORDER", String.valueOf(protocol.ringPageOrder()));
        for (Operation operation : protocol.operations()) {
            define("OP_" + operation.name(), number(operation.number()));
        }
        protocol.status().ifPresent(status -> {
            define("RSP_OKAY", number(status.okay()));
            define("RSP_ERROR", number(status.error()));
            define("RSP_UNSUPPORTED", number(status.unsupported()));
        });
        for (Limit limit : protocol.limits()) {
            String field = limit.field().name().toUpperCase(Locale.ROOT);
            boolean unsigned = limit.field().largest() == -1;
            define("MIN_" + field, unsigned ? Long.toUnsignedString(limit.smallest()) + "u" : number(limit.smallest()));
            define("MAX_" + field, unsigned ? Long.toUnsignedString(limit.largest()) + "u" : number(limit.largest()));
        }
        for (Feature feature : protocol.features()) {
            String name = feature.name().toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
            define("NODE_" + name, quoted(feature.name()));
        }
        out.append('\n');
    }

    private void struct(Struct struct) {
        out.append("struct ").append(struct.name()).append(" {\n");
        long end = 0;
        for (Field field : struct.fields()) {
            gap(end, field.offset());
            String note = struct.notes().getOrDefault(field.name(), "");
            member(
                    CTypes.of(field),
                    field.name() + CTypes.dimension(field),
                    field.offset() + (note.isEmpty() ? "" : ": " + note));
            end = field.offset() + field.size();
        }
        gap(end, struct.size());
        out.append(struct.packed() ? "} __attribute__((packed));\n\n" : "};\n\n");
    }

    private void gap(long from, long to) {
        if (to > from) {
            member("uint8_t", "_reserved" + from + "[" + (to - from) + "]", from + ": 0");
        }
    }

    private void member(String type, String declarator, String comment) {
        out.append(String.format(Locale.ROOT, "    %s %-24s /* %s */%n", type, declarator + ";", comment));
    }

    /** What lies in a ring: DEFINE_RING_TYPES of Xen's ring.h takes the union of the requests, or a guest its size. */
    private void slot() {
        out.append("union ").append(protocol.type()).append("_slot {\n");
        for (Struct struct : ProtocolStructs.requests(protocol)) {
            out.append("    struct ")
                    .append(struct.name())
                    .append(' ')
                    .append(struct.name())
                    .append(";\n");
        }
        Struct response = protocol.response();
        out.append("    struct ")
                .append(response.name())
                .append(' ')
                .append(response.name())
                .append(";\n};\n\n");
    }

    private void assertions(Struct struct) {
        String type = "struct " + struct.name();
        check("sizeof(" + type + ") == " + struct.size(), struct.name());
        for (Field field : struct.fields()) {
            check("offsetof(" + type + ", " + field.name() + ") == " + field.offset(), field.name());
        }
    }

    private void check(String condition, String what) {
        out.append("_Static_assert(")
                .append(condition)
                .append(", ")
                .append(quoted(what))
                .append(");\n");
    }

    private void define(String name, String value) {
        out.append("#define ")
                .append(prefix)
                .append('_')
                .append(name)
                .append(' ')
                .append(value)
                .append('\n');
    }

    private static String number(long value) {
        return value < 0 ? "(" + value + ")" : String.valueOf(value);
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }
}
