// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code down}: the end of what {@code up} started. */
final class DownCommand {
    private DownCommand() {}

    static int run(Invocation in) {
        if (in.operands().isEmpty()) {
            return everything(in);
        }
        var names = new ArrayList<String>();
        for (String operand : in.operands()) {
            Path path = in.environment().folder().resolve(operand);
            if (Files.exists(path)) {
                Setup.of(List.of(operand), in.environment().folder()).forEach(domain -> names.add(domain.name()));
            } else {
                names.add(operand);
            }
        }
        List<Integer> domids = ShutdownCommand.named(in, names).stream()
                .filter(domid -> domid >= 0)
                .toList();
        int code = domids.isEmpty() ? 0 : ShutdownCommand.request(in, domids, "poweroff", 2);
        if (in.json() && code == 0) {
            in.environment().out().print(Json.pretty(Json.object("domids", domids)));
        }
        return domids.size() < names.size() ? 1 : code;
    }

    private static int everything(Invocation in) {
        String body = Json.line(Json.object("grace_s", in.arguments().value("grace", "10")));
        try {
            return in.show(in.ask("POST", "/v1/stop", body));
        } catch (ToolstackException e) {
            // An `up` whose last domain has ended goes by itself, perhaps before it has answered: that is what was
            // asked for.
            if (e.kind() == ToolstackException.Kind.SHUTTING_DOWN) {
                return 0;
            }
            throw e;
        }
    }
}
