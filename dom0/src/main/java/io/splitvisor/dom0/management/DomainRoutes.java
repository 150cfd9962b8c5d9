// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.dom0.config.ConfigSource;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.ParsedConfig;
import io.splitvisor.dom0.config.Problem;
import io.splitvisor.dom0.management.Tables.Column;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** The paths below {@code /v1/domains}. */
final class DomainRoutes {
    private final Toolstack toolstack;
    private final DiskRoutes disks;
    private final DeviceRoutes devices;
    private final ManagementServer.Stop stop;

    DomainRoutes(Toolstack toolstack, DiskRoutes disks, DeviceRoutes devices, ManagementServer.Stop stop) {
        this.toolstack = toolstack;
        this.disks = disks;
        this.devices = devices;
        this.stop = stop;
    }

    Reply answer(Request request, List<String> rest) {
        if (rest.isEmpty()) {
            return request.method().equals("POST")
                    ? create(request)
                    : Routes.allow(request, "GET", () -> list(request));
        }
        String name = rest.getFirst();
        if (rest.size() == 1) {
            if (request.method().equals("DELETE")) {
                return destroy(request, toolstack.resolve(name));
            }
            return Routes.allow(request, "GET", () -> domain(request, name));
        }
        if (rest.get(1).equals("disks") && rest.size() <= 3) {
            return disks.answer(request, toolstack.resolve(name), rest.subList(2, rest.size()));
        }
        if (rest.get(1).equals("devices")) {
            return devices.devices(request, toolstack.resolve(name), rest.subList(2, rest.size()));
        }
        if (rest.size() > 2) {
            throw Routes.notFound();
        }
        return switch (rest.get(1)) {
            case "console" -> Routes.allow(request, "GET", () -> console(request, name));
            case "sched-credit" -> Routes.allow(request, "POST", () -> schedCredit(request, toolstack.resolve(name)));
            case "why-stuck" -> Routes.allow(request, "GET", () -> devices.whyStuck(request, toolstack.resolve(name)));
            case "hypercalls" -> Routes.allow(request, "GET", () -> hypercalls(request, toolstack.resolve(name)));
            case "paging" -> Routes.allow(request, "GET", () -> paging(request, toolstack.resolve(name)));
            case "page-walk" -> Routes.allow(request, "GET", () -> pageWalk(request, toolstack.resolve(name)));
            case "wait" -> Routes.allow(request, "GET", () -> waitFor(request, toolstack.resolve(name)));
            case "pause", "unpause", "resume", "shutdown", "rename", "memory", "maxmem", "vcpus" ->
                Routes.allow(request, "POST", () -> {
                    act(request, rest.get(1), toolstack.resolve(name));
                    return Routes.done(request);
                });
            default -> throw Routes.notFound();
        };
    }

    /** The forced end of Domain-0 is the end of this Dom0, once it has answered. */
    private Reply destroy(Request request, int domid) {
        if (domid == Toolstack.DOM0 && request.flag("force")) {
            return new Reply.Whole(200, request.text(), request.text() ? "" : "{}\n", "", stop::dom0);
        }
        toolstack.destroy(domid);
        return Routes.done(request);
    }

    private void act(Request request, String verb, int domid) {
        switch (verb) {
            case "pause" -> toolstack.pause(domid);
            case "unpause" -> toolstack.unpause(domid);
            case "resume" -> toolstack.resume(domid, request.truth("anew"));
            case "rename" -> toolstack.rename(domid, request.required("name"));
            case "memory" -> toolstack.setMemory(domid, request.number("kib"));
            case "maxmem" -> toolstack.setMaxMemory(domid, request.number("kib"));
            case "vcpus" ->
                toolstack.vcpuSet(
                        domid, count(request.digits("count").orElseThrow(() -> Request.invalid("'count' is missing"))));
            default -> {
                String word = request.string("reason").orElse("poweroff");
                ShutdownReason reason = ShutdownReason.of(word)
                        .orElseThrow(() -> Request.invalid("'" + word + "' is no shutdown reason"));
                toolstack.shutdown(domid, reason);
            }
        }
    }

    private static int count(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw Request.invalid("Error: Invalid argument '" + text + "': a number is wanted.");
        }
    }

    private Reply list(Request request) {
        List<DomainInfo> domains = Routes.chosen(toolstack, request);
        if (request.flag("guests")) {
            domains = domains.stream().filter(d -> d.domid() != Toolstack.DOM0).toList();
        }
        if (request.flag("long")) {
            String all = Json.pretty(domains.stream().map(JsonForms::longForm).toList());
            return new Reply.Whole(200, request.text(), all, "", () -> {});
        }
        if (!request.text()) {
            return Reply.json(200, domains.stream().map(JsonForms::domain).toList());
        }
        if (request.flag("brief")) {
            return Reply.text(
                    domains.stream().map(d -> d.domid() + " " + d.name() + "\n").collect(Collectors.joining()));
        }
        if (request.flag("vm")) {
            return Reply.text(Tables.vmList(domains));
        }
        var columns = EnumSet.noneOf(Column.class);
        for (Column column : Column.values()) {
            if (request.flag(column.name().toLowerCase(Locale.ROOT))) {
                columns.add(column);
            }
        }
        return Reply.text(Tables.list(domains, columns));
    }

    private Reply domain(Request request, String name) {
        DomainInfo info = toolstack.info(toolstack.resolve(name));
        return request.text()
                ? Reply.text(info.domid() + " " + info.name() + "\n")
                : Reply.json(200, JsonForms.domain(info));
    }

    private Reply create(Request request) {
        var source = new ConfigSource(
                request.string("source").orElse("config"),
                request.string("config").orElse(""),
                request.folder("folder"),
                request.strings("overrides"),
                request.folder("override_folder"));
        ParsedConfig parsed = source.parse();
        int domid = toolstack.create(parsed.config(), new CreateOptions(request.truth("paused")));
        String location = "/v1/domains/" + domid;
        List<Problem> warnings = new ArrayList<>(parsed.warnings());
        shareProblem(parsed.config(), domid).ifPresent(warnings::add);
        String body = request.text()
                ? warnings.stream().map(w -> "WARNING: " + w + "\n").collect(Collectors.joining())
                : Json.pretty(Json.object(
                        "domid",
                        domid,
                        "name",
                        parsed.config().name(),
                        "warnings",
                        warnings.stream().map(JsonForms::problem).toList()));
        return new Reply.Whole(201, request.text(), body, location, () -> {});
    }

    /** A domain that asked for a share of the processors runs without one where the host gives none. */
    private Optional<Problem> shareProblem(DomainConfig config, int domid) {
        if (config.cpuShare().equals(CpuShare.DEFAULT)) {
            return Optional.empty();
        }
        try {
            return toolstack
                    .schedCredit(domid)
                    .problem()
                    .map(why -> new Problem(config.source(), 0, "", "cpu_weight and cap have no effect: " + why));
        } catch (ToolstackException _) {
            // It has ended already.
            return Optional.empty();
        }
    }

    private Reply console(Request request, String name) {
        if (!request.upgrade().equals(Optional.of(ManagementClient.CONSOLE_PROTOCOL))) {
            throw Request.invalid("a console needs 'Upgrade: " + ManagementClient.CONSOLE_PROTOCOL + "'");
        }
        int number = count(request.parameter("number", "0"));
        return new Reply.Console(toolstack.console(toolstack.resolve(name), number));
    }

    private Reply hypercalls(Request request, int domid) {
        HypercallInfo info = toolstack.hypercalls(domid);
        return request.text() ? Reply.text(HypercallTables.text(info)) : Reply.json(200, HypercallTables.json(info));
    }

    private Reply paging(Request request, int domid) {
        PagingInfo info = toolstack.paging(domid);
        return request.text() ? Reply.text(PagingTables.text(info)) : Reply.json(200, PagingTables.json(info));
    }

    private Reply pageWalk(Request request, int domid) {
        int vcpu = count(request.parameter("vcpu", "0"));
        PageWalk walk = toolstack.pageWalk(domid, vcpu, address(request.parameter("address", "")));
        return request.text() ? Reply.text(PagingTables.text(walk)) : Reply.json(200, PagingTables.json(walk));
    }

    /** Hexadecimal, with or without 0x, up to 16 digits, and canonical. */
    private static long address(String text) {
        try {
            long address = Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
            if (!PageTableEntry.isCanonical(address)) {
                throw Request.invalid("'" + text + "' is not canonical; no walk begins there");
            }
            return address;
        } catch (NumberFormatException e) {
            throw Request.invalid("'" + text + "' is no address; expected hexadecimal digits");
        }
    }

    private Reply waitFor(Request request, int domid) {
        String word = request.parameter("for", "shutdown");
        Condition condition = Arrays.stream(Condition.values())
                .filter(c -> c.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> Request.invalid("'for' is shutdown, death, running or acknowledged"));
        DomainInfo info = toolstack.waitFor(domid, condition, Routes.seconds(request.parameter("timeout", "60")));
        return request.text() ? Reply.text(info.flags() + "\n") : Reply.json(200, JsonForms.domain(info));
    }

    private Reply schedCredit(Request request, int domid) {
        OptionalInt weight = request.optionalNumber("weight");
        OptionalInt cap = request.optionalNumber("cap");
        if (weight.orElse(1) < 1 || weight.orElse(1) > CpuShare.MAX_WEIGHT || cap.orElse(0) > CpuShare.MAX_CAP) {
            throw Request.invalid("'weight' is 1 to " + CpuShare.MAX_WEIGHT + ", 'cap' 0 to " + CpuShare.MAX_CAP);
        }
        SchedCredit now = toolstack.schedCredit(domid, weight, cap);
        return request.text()
                ? Reply.text(now.problem()
                        .map(problem -> "WARNING: cpu_weight and cap have no effect: " + problem + "\n")
                        .orElse(""))
                : Reply.json(200, JsonForms.schedCredit(now));
    }
}
