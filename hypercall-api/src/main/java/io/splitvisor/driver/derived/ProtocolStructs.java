// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Operation;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The structures of a protocol in the order in which C needs them: inner ones first, each once. */
final class ProtocolStructs {
    private final Set<Struct> all = new LinkedHashSet<>();

    private ProtocolStructs() {}

    static List<Struct> of(Protocol protocol) {
        var structs = new ProtocolStructs();
        requests(protocol).forEach(structs::add);
        structs.add(protocol.response());
        return List.copyOf(structs.all);
    }

    /** The kinds of request there are, the usual one first. */
    static List<Struct> requests(Protocol protocol) {
        Set<Struct> requests = new LinkedHashSet<>();
        requests.add(protocol.request());
        protocol.operations().stream().map(Operation::request).forEach(requests::add);
        return new ArrayList<>(requests);
    }

    private void add(Struct struct) {
        for (Field field : struct.fields()) {
            if (field instanceof Field.Structs inner) {
                add(inner.element());
            }
        }
        all.add(struct);
    }
}
