// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static io.splitvisor.dom0.cli.Invocation.domain;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import java.util.List;

/** {@code block-attach}, {@code block-list}, {@code block-detach}. */
final class BlockCommands {
    private static final String HEAD = "Vdev  BE  handle state evt-ch ring-ref BE-path                       \n";

    private BlockCommands() {}

    static int run(Invocation in) {
        return switch (in.verb().name()) {
            case "block-attach" -> attach(in);
            case "block-list" -> list(in);
            default -> {
                boolean force = in.arguments().has("force") || in.globals().force();
                String target = domain(in.operand(0)) + "/disks/" + Commands.encode(in.operand(1));
                yield in.show("DELETE", target + (force ? "?force=1" : ""), "");
            }
        };
    }

    private static int attach(Invocation in) {
        List<String> spec = in.operands().subList(1, in.operands().size());
        if (in.dryRun()) {
            return DryRun.blockAttach(in, spec);
        }
        String body =
                Json.line(Json.object("spec", spec, "folder", in.environment().folder()));
        return in.show("POST", domain(in.operand(0)) + "/disks", body);
    }

    /** As xl: a domain that is not there is said, and the others are shown. */
    private static int list(Invocation in) {
        if (in.json()) {
            return in.show("GET", "/v1/disks" + Commands.query(in.operands(), ""), "");
        }
        in.environment().out().print(HEAD);
        for (String name : in.operands()) {
            Answer answer = in.ask("GET", domain(name) + "/disks", "");
            if (answer.status() == 404) {
                in.log(name + " is an invalid domain identifier");
            } else if (in.show(answer) != 0) {
                return 1;
            }
        }
        return 0;
    }
}
