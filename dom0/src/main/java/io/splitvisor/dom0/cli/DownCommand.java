// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.management.ManagementClient.Form;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code down}: the end of what {@code up} started. */
final class DownCommand {
    private static final String GRACE = "10";
    private static final int GONE = 404;

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
        var domids = new ArrayList<Integer>();
        Answer missing = null;
        for (String name : names) {
            Answer answer = in.client().request("GET", Invocation.domain(name), Form.TEXT, "");
            if (answer.ok()) {
                domids.add(Commands.domidIn(answer));
            } else {
                missing = in.ask("GET", Invocation.domain(name), "");
                if (!in.json()) {
                    in.show(missing);
                }
            }
        }
        int code = end(in, domids);
        if (missing == null) {
            return ShutdownCommand.answered(in, domids, code);
        }
        return in.json() && code == 0 ? in.show(missing) : 1;
    }

    /** Asks all, gives them the same time, and destroys those that are still there, as the end of a Dom0 does. */
    private static int end(Invocation in, List<Integer> domids) {
        String grace = in.arguments().value("grace", GRACE);
        if (!grace.matches("[0-9]{1,5}")) {
            throw new ToolstackException(Kind.INVALID, "'" + grace + "' is no number of seconds");
        }
        long end = System.nanoTime() + Duration.ofSeconds(Long.parseLong(grace)).toNanos();
        String reason = Json.line(Json.object("reason", "poweroff"));
        for (int domid : domids) {
            in.log("Shutting down domain " + domid);
            // One that does not take such requests, or has shut down already, is destroyed below.
            in.client().request("POST", path(domid) + "/unpause", Form.TEXT, "");
            in.client().request("POST", path(domid) + "/shutdown", Form.TEXT, reason);
        }
        int code = 0;
        try {
            for (int domid : domids) {
                long left =
                        Math.max(0, Duration.ofNanos(end - System.nanoTime()).toSeconds());
                in.client().request("GET", path(domid) + "/wait?for=shutdown&timeout=" + left, Form.TEXT, "");
                Answer answer = in.ask("DELETE", path(domid), "");
                if (!answer.ok() && answer.status() != GONE) {
                    code = in.show(answer);
                }
            }
        } catch (ToolstackException _) {
            // Nobody answers any more: the Dom0 of an `up` goes with its last domain.
            return code;
        }
        return code;
    }

    private static String path(int domid) {
        return Invocation.domain(Integer.toString(domid));
    }

    private static int everything(Invocation in) {
        String body = Json.line(Json.object("grace_s", in.arguments().value("grace", GRACE)));
        try {
            return in.show(in.ask("POST", "/v1/stop", body));
        } catch (ToolstackException e) {
            // An `up` whose last domain has ended goes by itself, perhaps before it has answered: that is what was
            // asked for.
            if (e.kind() == Kind.SHUTTING_DOWN) {
                return 0;
            }
            throw e;
        }
    }
}
