// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.config.ConfigSource;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.ParsedConfig;
import io.splitvisor.dom0.config.Problem;
import io.splitvisor.dom0.config.VirtualDevice;
import io.splitvisor.dom0.management.Tables.Column;
import io.splitvisor.dom0.toolstack.BlockInfo;
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
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.TraceInfo;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** The API's paths, and what each does. Blocks as the toolstack does. */
final class Routes {
    private static final int MAX_WAIT_SECONDS = 86_400;

    private final Toolstack toolstack;
    private final DeviceRoutes devices;
    private final ManagementServer.Stop stop;

    Routes(Toolstack toolstack, ManagementServer.Stop stop) {
        this.toolstack = toolstack;
        this.devices = new DeviceRoutes(toolstack.devices());
        this.stop = stop;
    }

    Reply answer(Request request) {
        List<String> path = request.path();
        if (path.size() < 2 || !path.getFirst().equals("v1")) {
            throw notFound();
        }
        return switch (path.get(1)) {
            case "domains" -> domains(request, path.subList(2, path.size()));
            case "disks" -> allow(request, "GET", () -> disksOf(request));
            case "drivers" -> devices.drivers(request, path.subList(2, path.size()));
            case "vcpus" -> allow(request, "GET", () -> vcpus(request));
            case "host" -> host(request);
            case "uptime" -> uptime(request);
            case "dmesg" -> dmesg(request);
            case "trace" -> trace(request);
            case "sched-credit" ->
                allow(
                        request,
                        "GET",
                        () -> schedCredit(
                                request,
                                (request.all("domain").isEmpty() ? toolstack.list() : named(request))
                                        .stream()
                                                .map(d -> toolstack.schedCredit(d.domid()))
                                                .toList()));
            case "events" -> allow(request, "GET", () -> new Reply.Events(new EventStream(toolstack, request.text())));
            case "stop" -> allow(request, "POST", () -> stop(request));
            default -> throw notFound();
        };
    }

    private Reply domains(Request request, List<String> rest) {
        if (rest.isEmpty()) {
            return request.method().equals("POST") ? create(request) : allow(request, "GET", () -> list(request));
        }
        String name = rest.getFirst();
        if (rest.size() == 1) {
            if (request.method().equals("DELETE")) {
                return destroy(request, toolstack.resolve(name));
            }
            return allow(request, "GET", () -> domain(request, name));
        }
        if (rest.get(1).equals("disks") && rest.size() <= 3) {
            return disks(request, toolstack.resolve(name), rest.subList(2, rest.size()));
        }
        if (rest.get(1).equals("devices")) {
            return devices.devices(request, toolstack.resolve(name), rest.subList(2, rest.size()));
        }
        if (rest.size() > 2) {
            throw notFound();
        }
        return switch (rest.get(1)) {
            case "console" -> allow(request, "GET", () -> console(request, name));
            case "sched-credit" -> allow(request, "POST", () -> schedCredit(request, toolstack.resolve(name)));
            case "why-stuck" -> allow(request, "GET", () -> devices.whyStuck(request, toolstack.resolve(name)));
            case "hypercalls" -> allow(request, "GET", () -> hypercalls(request, toolstack.resolve(name)));
            case "paging" -> allow(request, "GET", () -> paging(request, toolstack.resolve(name)));
            case "page-walk" -> allow(request, "GET", () -> pageWalk(request, toolstack.resolve(name)));
            case "wait" -> allow(request, "GET", () -> waitFor(request, toolstack.resolve(name)));
            case "pause", "unpause", "shutdown", "rename", "memory", "maxmem", "vcpus" ->
                allow(request, "POST", () -> {
                    act(request, rest.get(1), toolstack.resolve(name));
                    return done(request);
                });
            default -> throw notFound();
        };
    }

    /** The forced end of Domain-0 is the end of this Dom0, once it has answered. */
    private Reply destroy(Request request, int domid) {
        if (domid == Toolstack.DOM0 && request.flag("force")) {
            return new Reply.Whole(200, request.text(), request.text() ? "" : "{}\n", "", stop::dom0);
        }
        toolstack.destroy(domid);
        return done(request);
    }

    private void act(Request request, String verb, int domid) {
        switch (verb) {
            case "pause" -> toolstack.pause(domid);
            case "unpause" -> toolstack.unpause(domid);
            case "rename" -> toolstack.rename(domid, request.required("name"));
            case "memory" -> toolstack.setMemory(domid, request.number("kib"));
            case "maxmem" -> toolstack.setMaxMemory(domid, request.number("kib"));
            case "vcpus" -> toolstack.vcpuSet(domid, count(request.required("count")));
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

    private Reply vcpus(Request request) {
        List<VcpuInfo> vcpus = (request.all("domain").isEmpty() ? toolstack.list() : named(request))
                .stream()
                        .flatMap(domain -> toolstack.vcpuList(domain.domid()).stream())
                        .toList();
        return request.text()
                ? Reply.text(Tables.vcpuList(vcpus))
                : Reply.json(200, vcpus.stream().map(JsonForms::vcpu).toList());
    }

    private Reply list(Request request) {
        List<DomainInfo> domains = request.all("domain").isEmpty() ? toolstack.list() : named(request);
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

    private List<DomainInfo> named(Request request) {
        return request.all("domain").stream()
                .map(name -> toolstack.info(toolstack.resolve(name)))
                .toList();
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

    private Reply disks(Request request, int domid, List<String> rest) {
        if (!rest.isEmpty()) {
            return allow(request, "DELETE", () -> {
                String vdev = rest.getFirst();
                detach(request, domid, vdev);
                return done(request);
            });
        }
        if (request.method().equals("POST")) {
            return attach(request, domid);
        }
        return allow(request, "GET", () -> {
            List<BlockInfo> disks = toolstack.blockList(domid);
            return request.text()
                    ? Reply.text(Tables.blockRows(disks))
                    : Reply.json(200, disks.stream().map(JsonForms::block).toList());
        });
    }

    /** What is not there is called as the user calls it. */
    private void detach(Request request, int domid, String vdev) {
        int devid = VirtualDevice.number(vdev).orElseThrow(() -> noDevice(vdev));
        try {
            toolstack.blockDetach(domid, devid, request.flag("force"));
        } catch (ToolstackException e) {
            throw e.kind() == Kind.NO_SUCH_DEVICE ? noDevice(vdev) : e;
        }
    }

    private Reply disksOf(Request request) {
        List<BlockInfo> disks = (request.all("domain").isEmpty() ? toolstack.list() : named(request))
                .stream()
                        .flatMap(domain -> toolstack.blockList(domain.domid()).stream())
                        .toList();
        return request.text()
                ? Reply.text(Tables.blockHead() + Tables.blockRows(disks))
                : Reply.json(200, disks.stream().map(JsonForms::block).toList());
    }

    private Reply attach(Request request, int domid) {
        DiskConfig disk;
        try {
            disk = DiskConfig.parse(request.strings("spec"), request.folder("folder"));
        } catch (IllegalArgumentException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, "disk: " + e.getMessage(), e);
        }
        int devid = toolstack.blockAttach(domid, disk);
        String location = "/v1/domains/" + domid + "/disks/" + devid;
        String body = request.text() ? "" : Json.pretty(Json.object("devid", devid, "disk", JsonForms.disk(disk)));
        return new Reply.Whole(201, request.text(), body, location, () -> {});
    }

    private Reply console(Request request, String name) {
        if (!request.upgrade().equals(Optional.of(ManagementClient.CONSOLE_PROTOCOL))) {
            throw Request.invalid("a console needs 'Upgrade: " + ManagementClient.CONSOLE_PROTOCOL + "'");
        }
        return new Reply.Console(toolstack.console(toolstack.resolve(name)));
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

    /** Hexadecimal, with or without 0x, up to 16 digits. */
    private static long address(String text) {
        try {
            return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
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
        DomainInfo info = toolstack.waitFor(domid, condition, seconds(request.parameter("timeout", "60")));
        return request.text() ? Reply.text(info.flags() + "\n") : Reply.json(200, JsonForms.domain(info));
    }

    private Reply host(Request request) {
        return allow(
                request,
                "GET",
                () -> request.text()
                        ? Reply.text(Tables.host(toolstack.host(), request.parameter("name", "")))
                        : Reply.json(200, JsonForms.host(toolstack.host())));
    }

    private Reply uptime(Request request) {
        return allow(request, "GET", () -> {
            Instant now = Instant.now();
            List<DomainInfo> domains = request.all("domain").isEmpty() ? toolstack.list() : named(request);
            if (request.text()) {
                return Reply.text(Tables.uptime(domains, request.flag("short"), now));
            }
            var rows = new ArrayList<Map<String, Object>>();
            for (DomainInfo domain : domains) {
                rows.add(Json.object(
                        "domid", domain.domid(), "name", domain.name(), "uptime_s", Tables.uptimeSeconds(domain, now)));
            }
            return Reply.json(200, rows);
        });
    }

    /** Deleting answers what was deleted, so that no line is lost between reading and clearing. */
    private Reply dmesg(Request request) {
        boolean clear = request.method().equals("DELETE");
        return allow(request, clear ? "DELETE" : "GET", () -> {
            List<String> lines = toolstack.dmesg(clear);
            return request.text()
                    ? Reply.text(lines.stream().map(line -> line + "\n").collect(Collectors.joining()))
                    : Reply.json(200, lines);
        });
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

    private static Reply schedCredit(Request request, List<SchedCredit> all) {
        return request.text()
                ? Reply.text(Tables.schedCredit(all))
                : Reply.json(200, all.stream().map(JsonForms::schedCredit).toList());
    }

    private Reply trace(Request request) {
        return switch (request.method()) {
            case "POST" -> {
                Path file = request.folder("file");
                List<Integer> domids = request.strings("domains").stream()
                        .map(toolstack::resolve)
                        .toList();
                yield trace(request, toolstack.startTrace(file, domids));
            }
            case "DELETE" -> trace(request, toolstack.stopTrace());
            default -> allow(request, "GET", () -> trace(request, toolstack.trace()));
        };
    }

    private static Reply trace(Request request, TraceInfo info) {
        return request.text() ? Reply.text(HypercallTables.text(info)) : Reply.json(200, HypercallTables.json(info));
    }

    private Reply stop(Request request) {
        stop.domains(seconds(request.string("grace_s").orElse("10")));
        return new Reply.Whole(200, request.text(), request.text() ? "" : "{}\n", "", stop::dom0);
    }

    static Reply done(Request request) {
        return request.text() ? Reply.text("") : Reply.json(200, Json.object());
    }

    interface Handler {
        Reply answer();
    }

    static Reply allow(Request request, String method, Handler handler) {
        if (!request.method().equals(method)) {
            throw new MethodNotAllowed(method);
        }
        return handler.answer();
    }

    private static Duration seconds(String text) {
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) > MAX_WAIT_SECONDS) {
            throw Request.invalid("a time is a number of seconds up to " + MAX_WAIT_SECONDS);
        }
        return Duration.ofSeconds(Integer.parseInt(text));
    }

    private static ToolstackException noDevice(String vdev) {
        return new ToolstackException(Kind.NO_SUCH_DEVICE, "Error: Device " + vdev + " not connected.");
    }

    private static NotFound notFound() {
        return new NotFound();
    }

    /** No such path. */
    static final class NotFound extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotFound() {
            super("no such path", null, false, false);
        }
    }

    /** The path takes other methods. */
    static final class MethodNotAllowed extends RuntimeException {
        private static final long serialVersionUID = 1;

        MethodNotAllowed(String allowed) {
            super("allowed: " + allowed, null, false, false);
        }
    }

    /** What is wrong, as an answer. */
    static Reply failure(RuntimeException failure, boolean text) {
        return switch (failure) {
            case ConfigException e ->
                error(Kind.BAD_CONFIG.status(), Kind.BAD_CONFIG, e.getMessage(), e.problems(), text);
            case ToolstackException e -> error(e.kind().status(), e.kind(), e.getMessage(), List.of(), text);
            case NotFound e -> error(404, Kind.NOT_SUPPORTED, e.getMessage(), List.of(), text);
            case MethodNotAllowed e -> error(405, Kind.NOT_SUPPORTED, e.getMessage(), List.of(), text);
            default -> error(500, Kind.FAILED, "internal error: " + failure, List.of(), text);
        };
    }

    private static Reply error(int status, Kind kind, String message, List<Problem> problems, boolean text) {
        return text
                ? new Reply.Whole(status, true, message + "\n", "", () -> {})
                : Reply.json(status, JsonForms.error(kind, message, problems));
    }
}
