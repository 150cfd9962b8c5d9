// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.EventReader;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.management.ManagementClient.Form;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@code shutdown}, {@code reboot} and {@code suspend}: ask, and wait, where the user wants that or it is the point. */
final class ShutdownCommand {
    /** How long libxl waits for a guest to take note of a request. */
    private static final int ACKNOWLEDGEMENT_SECONDS = 60;

    private static final int GONE = 404;
    private static final int TIMED_OUT = 504;

    private ShutdownCommand() {}

    static int run(Invocation in) {
        boolean all = in.arguments().has("all");
        if (in.operands().isEmpty() && !all) {
            throw new ToolstackException(Kind.INVALID, "You must specify -a or a domain id.\n");
        }
        List<Integer> domids = all ? guests(in) : List.of(Commands.resolve(in, in.operand(0)));
        if (domids.contains(-1)) {
            return 1;
        }
        String reason = in.verb().name().equals("reboot") ? "reboot" : "poweroff";
        return answered(in, domids, request(in, domids, reason, in.arguments().count("wait")));
    }

    /** Says which domains it was, where JSON is wanted; what went wrong has been said. */
    static int answered(Invocation in, List<Integer> domids, int code) {
        if (in.json() && code == 0) {
            in.environment().out().print(Json.pretty(Json.object("domids", domids)));
        }
        return code;
    }

    /** Returns when the domain is suspended. */
    static int suspend(Invocation in) {
        List<Integer> domids = List.of(Commands.resolve(in, in.operand(0)));
        return domids.contains(-1) ? 1 : answered(in, domids, request(in, domids, "suspend", 1));
    }

    /**
     * Asks domains to shut down.
     *
     * @param reason as {@code control/shutdown} has it
     * @param wait 0: do not wait; 1: until each has shut down or is gone; 2: until each is gone
     */
    static int request(Invocation in, List<Integer> domids, String reason, int wait) {
        if (wait == 0) {
            return ask(in, domids, reason);
        }
        // The stream is opened first, so that what happens at once is heard, too.
        try (EventReader events = in.client().events()) {
            int code = ask(in, domids, reason);
            if (code == 0) {
                in.log("Waiting for " + domids.size() + " domains");
                await(in, events, new HashSet<>(domids), wait == 1);
            }
            return code;
        }
    }

    private static int ask(Invocation in, List<Integer> domids, String reason) {
        String body = Json.line(Json.object("reason", reason));
        String doing =
                switch (reason) {
                    case "reboot" -> "Rebooting";
                    case "suspend" -> "Suspending";
                    default -> "Shutting down";
                };
        for (int domid : domids) {
            in.log(doing + " domain " + domid);
            Answer answer = in.ask("POST", "/v1/domains/" + domid + "/shutdown", body);
            if (!answer.ok()) {
                return in.show(answer);
            }
        }
        return awaitAcknowledgement(in, domids);
    }

    /** As xl, which waits for a minute; all of them were asked before, so that they have the same minute. */
    private static int awaitAcknowledgement(Invocation in, List<Integer> domids) {
        long end = System.nanoTime() + ACKNOWLEDGEMENT_SECONDS * 1_000_000_000L;
        int code = 0;
        for (int domid : domids) {
            long left = Math.max(1, (end - System.nanoTime()) / 1_000_000_000L);
            Answer answer = in.ask("GET", "/v1/domains/" + domid + "/wait?for=acknowledged&timeout=" + left, "");
            if (answer.status() == TIMED_OUT && !in.json()) {
                in.log("Domain " + domid + ": guest didn't acknowledge control request: -9");
                in.log("It may be paused, stuck, or without a handler for control/shutdown; 'destroy' ends it.");
                code = 1;
            } else if (!answer.ok() && answer.status() != GONE) {
                // One document, of the first that is wrong, where JSON is wanted.
                code = in.json() && code != 0 ? code : in.show(answer);
            }
        }
        return code;
    }

    private static void await(Invocation in, EventReader events, Set<Integer> waiting, boolean shutdownCounts) {
        while (!waiting.isEmpty()) {
            String[] event = events.next().split(" ", 4);
            int domid = Integer.parseInt(event[1]);
            if (!waiting.contains(domid)) {
                continue;
            }
            switch (event[0]) {
                case "destroyed" -> {
                    in.log("Domain " + domid + " has been destroyed");
                    waiting.remove(domid);
                }
                case "shutdown" -> {
                    in.log("Domain " + domid + " has been shut down, reason code " + event[2]);
                    if (shutdownCounts) {
                        waiting.remove(domid);
                    } else {
                        in.log("Domain " + domid + " continue waiting for death");
                    }
                }
                default -> {
                    // a creation or another name is nothing to wait for
                }
            }
        }
    }

    private static List<Integer> guests(Invocation in) {
        Answer answer = in.client().request("GET", "/v1/domains?brief&guests", Form.TEXT, "");
        if (!answer.ok()) {
            in.show(answer);
            return List.of(-1);
        }
        var domids = new ArrayList<Integer>();
        for (String line : answer.body().split("\n", -1)) {
            if (!line.isEmpty()) {
                domids.add(Integer.parseInt(line.substring(0, line.indexOf(' '))));
            }
        }
        return domids;
    }
}
