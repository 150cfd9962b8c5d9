// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static io.splitvisor.dom0.cli.Invocation.domain;

import io.splitvisor.dom0.driver.DriverException;
import io.splitvisor.dom0.driver.Drivers;
import io.splitvisor.dom0.management.DeviceForms;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** {@code device-attach}, {@code device-list}, {@code device-detach}, {@code why-stuck}, {@code drivers}, {@code driver-reload}. */
final class DeviceCommands {
    private DeviceCommands() {}

    static int device(Invocation in) {
        return switch (in.verb().name()) {
            case "device-attach" -> attach(in);
            case "device-list" -> list(in);
            case "why-stuck" -> whyStuck(in);
            default -> detach(in);
        };
    }

    private static int attach(Invocation in) {
        List<String> spec = in.operands().subList(1, in.operands().size());
        return in.show("POST", domain(in.operand(0)) + "/devices", Json.line(Json.object("spec", spec)));
    }

    /** As block-list: a domain that is not there is said, and the others are shown. */
    private static int list(Invocation in) {
        if (!in.json()) {
            in.environment().out().print(DeviceForms.deviceHead());
        }
        int code = 0;
        for (String name : in.operands()) {
            Answer answer = in.ask("GET", domain(name) + "/devices", "");
            if (answer.status() == 404 && !in.json()) {
                in.log(name + " is an invalid domain identifier");
            } else {
                code = Math.max(code, in.show(answer));
            }
        }
        return code;
    }

    private static int whyStuck(Invocation in) {
        String query = in.operands().size() > 1 ? "?device=" + Commands.encode(in.operand(1)) : "";
        return in.show("GET", domain(in.operand(0)) + "/why-stuck" + query, "");
    }

    private static int detach(Invocation in) {
        boolean force = in.arguments().has("force") || in.globals().force();
        String devid = in.operands().size() > 2 ? "/" + Commands.encode(in.operand(2)) : "";
        String target = domain(in.operand(0)) + "/devices/" + Commands.encode(in.operand(1)) + devid;
        return in.show("DELETE", target + (force ? "?force=1" : ""), "");
    }

    static int driver(Invocation in) {
        if (in.verb().name().equals("driver-reload")) {
            return in.show("POST", "/v1/drivers/" + Commands.encode(in.operand(0)) + "/reload", "");
        }
        List<Path> path = driverPath(in);
        if (path.isEmpty()) {
            return in.show("GET", "/v1/drivers", "");
        }
        try (Drivers drivers = Drivers.load(path)) {
            List<DriverInfo> found = drivers.infos();
            in.environment()
                    .out()
                    .print(
                            in.json()
                                    ? Json.pretty(found.stream()
                                            .map(DeviceForms::driver)
                                            .toList())
                                    : DeviceForms.drivers(found));
            return 0;
        } catch (DriverException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, e.getMessage(), e);
        }
    }

    /** What {@code --driver-path} names, absolute; empty without. */
    static List<Path> driverPath(Invocation in) {
        return Arrays.stream(in.arguments().value("driver-path", "").split(":"))
                .filter(part -> !part.isBlank())
                .map(part -> in.environment().folder().resolve(part).normalize())
                .toList();
    }
}
