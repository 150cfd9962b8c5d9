// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.config.Problem;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.TraceInfo;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The API's paths, and what each does. Blocks as the toolstack does. */
final class Routes {
    private static final int MAX_WAIT_SECONDS = 86_400;

    private final Toolstack toolstack;
    private final DeviceRoutes devices;
    private final DiskRoutes disks;
    private final DomainRoutes domains;
    private final ManagementServer.Stop stop;

    Routes(Toolstack toolstack, ManagementServer.Stop stop) {
        this.toolstack = toolstack;
        this.devices = new DeviceRoutes(toolstack.devices());
        this.disks = new DiskRoutes(toolstack);
        this.domains = new DomainRoutes(toolstack, disks, devices, stop);
        this.stop = stop;
    }

    Reply answer(Request request) {
        List<String> path = request.path();
        if (path.size() < 2 || !path.getFirst().equals("v1")) {
            throw notFound();
        }
        return switch (path.get(1)) {
            case "domains" -> domains.answer(request, path.subList(2, path.size()));
            case "disks" -> allow(request, "GET", () -> disks.all(request));
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
                                chosen(toolstack, request).stream()
                                        .map(d -> toolstack.schedCredit(d.domid()))
                                        .toList()));
            case "events" -> allow(request, "GET", () -> new Reply.Events(new EventStream(toolstack, request.text())));
            case "stop" -> allow(request, "POST", () -> stop(request));
            default -> throw notFound();
        };
    }

    /** The domains that a request names, or all. */
    static List<DomainInfo> chosen(Toolstack toolstack, Request request) {
        List<String> names = request.all("domain");
        return names.isEmpty()
                ? toolstack.list()
                : names.stream()
                        .map(name -> toolstack.info(toolstack.resolve(name)))
                        .toList();
    }

    private Reply vcpus(Request request) {
        List<VcpuInfo> vcpus = chosen(toolstack, request).stream()
                .flatMap(domain -> toolstack.vcpuList(domain.domid()).stream())
                .toList();
        return request.text()
                ? Reply.text(Tables.vcpuList(vcpus))
                : Reply.json(200, vcpus.stream().map(JsonForms::vcpu).toList());
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
            List<DomainInfo> domains = chosen(toolstack, request);
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
        stop.domains(seconds(request.digits("grace_s").orElse("10")));
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

    static Duration seconds(String text) {
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) > MAX_WAIT_SECONDS) {
            throw Request.invalid("a time is a number of seconds up to " + MAX_WAIT_SECONDS);
        }
        return Duration.ofSeconds(Integer.parseInt(text));
    }

    static NotFound notFound() {
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
