// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo.Batch;
import io.splitvisor.dom0.toolstack.HypercallInfo.Bell;
import io.splitvisor.dom0.toolstack.HypercallInfo.Operation;
import io.splitvisor.dom0.toolstack.TraceInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code hypercalls} and {@code trace} print. */
final class HypercallTables {
    private HypercallTables() {}

    static String text(HypercallInfo info) {
        var text = new StringBuilder();
        line(
                text,
                "%s (%d): %d vCPU(s), %d calls in %d turns, %d errors, %d preempted",
                info.name(),
                info.domid(),
                info.vcpus(),
                info.calls(),
                info.turns(),
                info.errors(),
                info.preemptions());
        line(
                text,
                "%-28s %12s %10s %10s %10s %10s %10s",
                "Hypercall",
                "Calls",
                "Errors",
                "Timed",
                "p50(us)",
                "p99(us)",
                "max(us)");
        for (Operation operation : info.operations()) {
            line(
                    text,
                    "%-28s %12d %10d %10d %10s %10s %10s",
                    operation.name(),
                    operation.calls(),
                    operation.errors(),
                    operation.timed(),
                    micros(operation, operation.p50Nanos()),
                    micros(operation, operation.p99Nanos()),
                    micros(operation, operation.maxNanos()));
        }
        text.append("Calls found by a turn: ");
        String separator = "";
        for (Batch batch : info.batches()) {
            if (batch.turns() > 0) {
                text.append(separator).append(size(batch)).append(": ").append(batch.turns());
                separator = ", ";
            }
        }
        text.append(separator.isEmpty() ? "none\n" : "\n");
        bell(text, "Doorbells to Dom0", info.toDom0());
        bell(text, "Doorbells to the guest", info.toGuest());
        line(text, "Events: %d sent, %d received", info.eventsSent(), info.eventsReceived());
        return text.toString();
    }

    private static void bell(StringBuilder text, String name, Bell bell) {
        if (bell.rung() < 0) {
            line(text, "%s: not known", name);
        } else {
            line(text, "%s: %d rung, %d saved", name, bell.rung(), bell.saved());
        }
    }

    private static String micros(Operation operation, long nanos) {
        return operation.timed() == 0 ? "-" : String.format(Locale.ROOT, "%.2f", nanos / 1e3);
    }

    private static String size(Batch batch) {
        return batch.from() == batch.to() ? String.valueOf(batch.from()) : batch.from() + "-" + batch.to();
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    static String text(TraceInfo info) {
        var text = new StringBuilder();
        line(
                text,
                "%s: %s, %d hypercalls and events, %d lost, %d bytes%s",
                info.file(),
                info.running() ? "under way" : "ended",
                info.records(),
                info.dropped(),
                info.bytes(),
                info.failure().isEmpty() ? "" : "; cannot be written: " + info.failure());
        return text.toString();
    }

    static Map<String, Object> json(TraceInfo info) {
        return Json.object(
                "running",
                info.running(),
                "file",
                info.file(),
                "domids",
                info.domids(),
                "records",
                info.records(),
                "lost",
                info.dropped(),
                "bytes",
                info.bytes(),
                "failure",
                info.failure().isEmpty() ? null : info.failure());
    }

    static Map<String, Object> json(HypercallInfo info) {
        return Json.object(
                "domid",
                info.domid(),
                "name",
                info.name(),
                "vcpus",
                info.vcpus(),
                "calls",
                info.calls(),
                "errors",
                info.errors(),
                "turns",
                info.turns(),
                "preempted",
                info.preemptions(),
                "operations",
                info.operations().stream().map(HypercallTables::json).toList(),
                "batches",
                info.batches().stream().map(HypercallTables::json).toList(),
                "doorbells",
                Json.object("to_dom0", json(info.toDom0()), "to_guest", json(info.toGuest())),
                "events",
                Json.object("sent", info.eventsSent(), "received", info.eventsReceived()));
    }

    private static Map<String, Object> json(Operation operation) {
        var form = Json.object(
                "name",
                operation.name(),
                "calls",
                operation.calls(),
                "errors",
                operation.errors(),
                "timed",
                operation.timed());
        for (var latency : List.of(
                Map.entry("p50_ns", operation.p50Nanos()),
                Map.entry("p99_ns", operation.p99Nanos()),
                Map.entry("max_ns", operation.maxNanos()))) {
            form.put(latency.getKey(), operation.timed() == 0 ? null : latency.getValue());
        }
        return form;
    }

    private static Map<String, Object> json(Batch batch) {
        return Json.object("from", batch.from(), "to", batch.to(), "turns", batch.turns());
    }

    private static Map<String, Object> json(Bell bell) {
        boolean known = bell.rung() >= 0;
        return Json.object("rung", known ? bell.rung() : null, "saved", known ? bell.saved() : null);
    }
}
