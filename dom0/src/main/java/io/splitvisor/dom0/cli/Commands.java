// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static io.splitvisor.dom0.cli.Invocation.domain;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.management.ManagementClient.Form;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.List;

/** What each verb does: the short ones here, the longer ones in classes of their own. */
final class Commands {
    private static final int NOT_FOUND = 404;

    private Commands() {}

    static int run(Invocation in) {
        return switch (in.verb().name()) {
            case "create" -> CreateCommand.run(in);
            case "list" -> list(in);
            case "vm-list" -> in.show("GET", "/v1/domains?vm=1&guests=1", "");
            case "domid" -> domid(in);
            case "domname" -> domname(in);
            case "pause", "unpause" ->
                in.show("POST", domain(in.operand(0)) + "/" + in.verb().name(), "");
            case "resume" ->
                in.show(
                        "POST",
                        domain(in.operand(0)) + "/resume",
                        Json.line(Json.object("anew", in.arguments().has("a"))));
            case "rename" ->
                in.show("POST", domain(in.operand(0)) + "/rename", Json.line(Json.object("name", in.operand(1))));
            case "mem-set", "mem-max" -> MemoryCommands.run(in);
            case "vcpu-list" -> in.show("GET", "/v1/vcpus" + query(in.operands(), ""), "");
            case "vcpu-set" ->
                in.show("POST", domain(in.operand(0)) + "/vcpus", Json.line(Json.object("count", in.operand(1))));
            case "destroy" -> destroy(in);
            case "shutdown", "reboot" -> ShutdownCommand.run(in);
            case "suspend" -> ShutdownCommand.suspend(in);
            case "console" -> ConsoleCommand.run(in);
            case "block-attach", "block-list", "block-detach" -> BlockCommands.run(in);
            case "device-attach", "device-list", "device-detach", "why-stuck" -> DeviceCommands.device(in);
            case "drivers", "driver-reload" -> DeviceCommands.driver(in);
            case "new-driver" -> NewDriverCommand.run(in);
            case "trace" -> TraceCommands.run(in);
            case "trace-print" -> TracePrintCommand.run(in);
            case "sched-credit" -> SchedCreditCommand.run(in);
            case "hypercalls" -> in.show("GET", domain(in.operand(0)) + "/hypercalls", "");
            case "paging-info" -> in.show("GET", domain(in.operand(0)) + "/paging", "");
            case "page-walk" ->
                in.show(
                        "GET",
                        domain(in.operand(0)) + "/page-walk?address=" + encode(in.operand(1)) + "&vcpu="
                                + encode(in.arguments().value("vcpu", "0")),
                        "");
            case "info" ->
                in.show("GET", "/v1/host" + (in.operands().isEmpty() ? "" : "?name=" + encode(in.operand(0))), "");
            case "uptime" ->
                in.show(
                        "GET",
                        "/v1/uptime" + query(in.operands(), in.arguments().has("s") ? "short" : ""),
                        "");
            case "dmesg" -> in.show(in.arguments().has("clear") ? "DELETE" : "GET", "/v1/dmesg", "");
            case "down" -> DownCommand.run(in);
            case "up" -> UpCommand.run(in);
            case "dom0" -> Dom0Command.run(in);
            case "bench" -> BenchCommand.run(in);
            case "paging-compare" -> BenchCommand.run(in, "paging", in.operands());
            case "completion" -> Completion.run(in);
            case "x86" ->
                throw new ToolstackException(
                        Kind.NOT_SUPPORTED, "x86: not in this process; the script 'splitvisor' runs it");
            default ->
                throw new IllegalStateException(
                        "a verb without a command: " + in.verb().name());
        };
    }

    private static int list(Invocation in) {
        var flags = new StringBuilder();
        for (String flag : List.of("long", "verbose", "context", "cpupool", "numa")) {
            if (in.arguments().has(flag)) {
                flags.append(flags.isEmpty() ? "" : "&").append(flag);
            }
        }
        return in.show("GET", "/v1/domains" + query(in.operands(), flags.toString()), "");
    }

    private static int domid(Invocation in) {
        String name = in.operand(0);
        Answer answer = in.ask("GET", domain(name), "");
        boolean number = name.chars().allMatch(c -> c >= '0' && c <= '9');
        if (number || answer.status() == NOT_FOUND) {
            throw new ToolstackException(
                    Kind.INVALID_DOMAIN,
                    "Can't get domid of domain name '" + name + "', maybe this domain does not exist.");
        }
        return firstWord(in, answer, 0);
    }

    private static int domname(Invocation in) {
        String id = in.operand(0);
        if (id.isEmpty() || !id.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new ToolstackException(Kind.INVALID, "Invalid domain id.\n");
        }
        Answer answer = in.ask("GET", domain(id), "");
        if (answer.status() == NOT_FOUND) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DOMAIN,
                    "Can't get domain name of domain id '" + id + "', maybe this domain does not exist.");
        }
        return firstWord(in, answer, 1);
    }

    /** A domain in text is {@code DOMID NAME}. */
    private static int firstWord(Invocation in, Answer answer, int index) {
        if (!answer.ok() || in.json()) {
            return in.show(answer);
        }
        in.environment().out().println(answer.body().strip().split(" ", 2)[index]);
        return 0;
    }

    private static int destroy(Invocation in) {
        boolean force = in.arguments().has("f") || in.globals().force();
        return in.show("DELETE", domain(in.operand(0)) + (force ? "?force=1" : ""), "");
    }

    /** The domid of a domain that exists; 0 or more, or an error that has been shown, as -1. */
    static int resolve(Invocation in, String name) {
        Answer answer = in.client().request("GET", domain(name), Form.TEXT, "");
        if (!answer.ok()) {
            if (in.json()) {
                in.show("GET", domain(name), "");
            } else {
                in.show(answer);
            }
            return -1;
        }
        return domidIn(answer);
    }

    /** The domid in what a domain is as text. */
    static int domidIn(Answer answer) {
        return Integer.parseInt(answer.body().substring(0, answer.body().indexOf(' ')));
    }

    static String query(List<String> domains, String flags) {
        var query = new StringBuilder(flags.isEmpty() ? "" : "?" + flags);
        for (String name : domains) {
            query.append(query.isEmpty() ? '?' : '&').append("domain=").append(encode(name));
        }
        return query.toString();
    }

    static String encode(String part) {
        return ManagementClient.encode(part);
    }
}
