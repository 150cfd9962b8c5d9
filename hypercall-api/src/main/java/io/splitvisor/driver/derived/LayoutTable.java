// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Limit;
import io.splitvisor.driver.Operation;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/** A protocol as tables in Markdown: what a document about a device shows, and a test compares it with. */
public final class LayoutTable {
    private LayoutTable() {}

    /** All tables of a protocol: operations, structures, features. */
    public static String of(Protocol protocol) {
        var out = new StringBuilder();
        out.append("Device type `").append(protocol.type()).append('`');
        if (protocol.version() != 0) {
            out.append(", version ").append(protocol.version());
        }
        out.append("; ").append(protocol.slotSize()).append(" bytes a slot, ");
        out.append(protocol.slots(1)).append(" slots a page; at most ");
        out.append(protocol.queues())
                .append(protocol.queues() == 1 ? " queue" : " queues")
                .append(" of ");
        int pages = 1 << protocol.ringPageOrder();
        out.append(pages).append(pages == 1 ? " page.\n" : " pages.\n");
        operations(protocol, out);
        for (Struct struct : ProtocolStructs.of(protocol)) {
            out.append('\n').append(of(struct));
        }
        features(protocol, out);
        return out.toString();
    }

    /** The table of one structure. */
    public static String of(Struct struct) {
        var out = new StringBuilder();
        out.append("`struct ")
                .append(struct.name())
                .append("`, ")
                .append(struct.size())
                .append(" bytes");
        out.append(struct.packed() ? ", packed\n\n" : "\n\n");
        out.append("| offset | size | field | type | |\n|---|---|---|---|---|\n");
        for (Field field : struct.fields()) {
            String type = CTypes.of(field) + CTypes.dimension(field);
            String note = struct.notes().getOrDefault(field.name(), "");
            row(out, field.offset(), field.size(), "`" + field.name() + "`", "`" + type + "`", note);
        }
        return out.toString();
    }

    private static void operations(Protocol protocol, StringBuilder out) {
        if (protocol.operations().isEmpty()) {
            return;
        }
        out.append("\n| operation | name | request |\n|---|---|---|\n");
        for (Operation operation : protocol.operations()) {
            String struct = "`struct " + operation.request().name() + "`";
            row(out, operation.number(), "`" + operation.name() + "`", struct);
        }
    }

    private static void features(Protocol protocol, StringBuilder out) {
        if (!protocol.limits().isEmpty()) {
            out.append("\n| field | from | to |\n|---|---|---|\n");
            for (Limit limit : protocol.limits()) {
                row(out, "`" + limit.field().name() + "`", limit.smallest(), limit.largest());
            }
        }
        if (!protocol.features().isEmpty()) {
            out.append("\n| node | written by | values | unless configured |\n|---|---|---|---|\n");
            for (Feature feature : protocol.features()) {
                String teller = feature.teller() == Feature.Teller.BOTH ? "both ends" : "back end";
                String name = "`" + feature.name() + "`";
                switch (feature) {
                    case Feature.Flag flag -> row(out, name, teller, "0, 1", flag.offered() ? 1 : 0);
                    case Feature.Numeric number ->
                        row(out, name, teller, number.smallest() + " to " + number.largest(), number.offered());
                }
            }
        }
    }

    private static void row(StringBuilder out, Object... cells) {
        out.append('|');
        for (Object cell : cells) {
            out.append(' ').append(cell).append(" |");
        }
        out.append('\n');
    }
}
