// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.FileError;
import io.splitvisor.dom0.management.EventReader;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code create}. The file is read here, as the user, and understood by Dom0: the parser stays off this path. */
final class CreateCommand {
    private CreateCommand() {}

    static int run(Invocation in) {
        String file = in.arguments().value("defconfig", "");
        var overrides = new ArrayList<String>();
        for (String operand : in.operands()) {
            if (operand.indexOf('=') >= 0 && !file.equals(operand)) {
                overrides.add(operand);
            } else if (file.isEmpty()) {
                file = operand;
            } else {
                return in.wrongUsage();
            }
        }
        if (file.isEmpty()) {
            throw new ToolstackException(Kind.INVALID, "no configuration file; /dev/null stands for an empty one");
        }
        if (in.dryRun()) {
            return DryRun.create(in, file, overrides);
        }
        if (!in.arguments().has("quiet") && !in.json()) {
            in.log("Parsing config from " + file);
        }
        // -F hears of the domain's death even if it dies at once.
        try (EventReader events = in.arguments().has("F") ? in.client().events() : null) {
            return create(in, file, overrides, events);
        }
    }

    private static int create(Invocation in, String file, List<String> overrides, EventReader events) {
        Answer answer = in.ask("POST", "/v1/domains", body(in, file, overrides));
        if (!answer.ok()) {
            return in.show(answer);
        }
        String domid = answer.location().substring(answer.location().lastIndexOf('/') + 1);
        if (in.json()) {
            in.environment().out().print(answer.body());
        } else if (!in.arguments().has("quiet")) {
            in.environment().err().print(answer.body());
        }
        int code = in.arguments().has("c") ? ConsoleCommand.attach(in, domid, 0, ConsoleCommand.DEFAULT_ESCAPE) : 0;
        if (events != null) {
            for (String event = events.next(); !event.startsWith("destroyed " + domid + " "); event = events.next()) {
                if (event.startsWith("shutdown " + domid + " ")) {
                    in.log("Domain " + domid + " has shut down, reason code " + event.split(" ", 4)[2]);
                }
            }
        }
        return code;
    }

    private static String body(Invocation in, String file, List<String> overrides) {
        Path here = in.environment().folder();
        boolean none = file.equals("/dev/null");
        Path path = here.resolve(file);
        Path folder = path.getParent() == null ? here : path.getParent();
        return Json.line(Json.object(
                "source",
                file,
                "config",
                none ? "" : text(path, file),
                "folder",
                none ? here : folder.normalize(),
                "overrides",
                overrides,
                "override_folder",
                here,
                "paused",
                in.arguments().has("p")));
    }

    private static String text(Path path, String file) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, file + ": cannot read: " + FileError.reason(e), e);
        }
    }
}
