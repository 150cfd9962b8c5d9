// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.FileError;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.trace.TraceReader;
import io.splitvisor.dom0.trace.TraceRecord;
import io.splitvisor.dom0.trace.TraceRecord.Call;
import io.splitvisor.dom0.trace.TraceRecord.Event;
import io.splitvisor.dom0.trace.TraceRecord.Lost;
import io.splitvisor.dom0.trace.TraceRecord.Other;
import io.splitvisor.hypercall.HypercallOp;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code trace-print}: shows a trace file, a line for each hypercall and event. Needs no Dom0. */
final class TracePrintCommand {
    private static final long FOLLOW_MILLIS = 100;

    private final boolean json;
    private final Predicate<TraceRecord> wanted;
    private final PrintStream out;
    private long first = -1;
    private long last;

    private TracePrintCommand(boolean json, Predicate<TraceRecord> wanted, PrintStream out) {
        this.json = json;
        this.wanted = wanted;
        this.out = out;
    }

    static int run(Invocation in) {
        String dom = in.arguments().value("dom", "");
        String op = in.arguments().value("op", "");
        if (!dom.matches("[0-9]{0,5}") || in.operands().size() != 1) {
            return in.wrongUsage();
        }
        if (Arrays.stream(HypercallOp.values()).noneMatch(o -> matches(o.xenName(), op))) {
            throw new ToolstackException(Kind.INVALID, "no hypercall has '" + op + "' in its name");
        }
        var printer = new TracePrintCommand(
                in.json(), filter(dom, op), in.environment().out());
        Path file = in.environment().folder().resolve(in.operand(0));
        try (TraceReader reader = new TraceReader(file)) {
            printer.print(reader, in.arguments().has("follow"));
            if (!reader.atEnd()) {
                in.log(file + ": ends in the middle of a record");
                return 1;
            }
            return 0;
        } catch (IOException e) {
            throw new ToolstackException(Kind.TARGET, file + ": " + FileError.reason(e), e);
        }
    }

    private static boolean matches(String name, String part) {
        return name.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }

    /** What is lost concerns everybody. */
    private static Predicate<TraceRecord> filter(String dom, String op) {
        int domid = dom.isEmpty() ? -1 : Integer.parseInt(dom);
        return record -> switch (record) {
            case Call call -> (domid < 0 || call.domid() == domid) && matches(call.name(), op);
            case Event event -> (domid < 0 || event.domid() == domid) && op.isEmpty();
            case Lost _ -> true;
            case Other _ -> domid < 0 && op.isEmpty();
        };
    }

    private void print(TraceReader reader, boolean follow) throws IOException {
        while (!out.checkError()) {
            if (reader.next(this::print)) {
                continue;
            }
            if (!follow) {
                return;
            }
            out.flush();
            try {
                Thread.sleep(FOLLOW_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void print(TraceRecord record) {
        if (first < 0) {
            first = record.nanos();
            last = first;
        }
        if (wanted.test(record)) {
            if (json) {
                out.println(Json.line(form(record)));
            } else {
                out.printf(
                        Locale.ROOT,
                        "%s (+%10d)  %s%n",
                        seconds(record.nanos() - first),
                        record.nanos() - last,
                        text(record));
            }
            last = record.nanos();
        }
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%5d.%09d", nanos / 1_000_000_000, nanos % 1_000_000_000);
    }

    private static String text(TraceRecord record) {
        return switch (record) {
            case Call call ->
                String.format(Locale.ROOT, "d%dv%-3d %s", call.domid(), call.vcpu(), call.name())
                        + (call.argument().isPresent()
                                ? " " + Integer.toUnsignedString(call.argument().getAsInt())
                                : "")
                        + (call.error() == 0 ? "" : " = -" + call.error());
            case Event event -> String.format(Locale.ROOT, "d%-4d event on port %d", event.domid(), event.port());
            case Lost lost -> "lost " + lost.count() + " hypercalls and events";
            case Other other ->
                String.format(Locale.ROOT, "0x%08x ", other.event())
                        + other.words().stream()
                                .map(word -> String.format(Locale.ROOT, "0x%08x", word))
                                .collect(Collectors.joining(" "));
        };
    }

    private Map<String, Object> form(TraceRecord record) {
        Map<String, Object> form = Json.object("time_ns", record.nanos() - first);
        switch (record) {
            case Call call -> {
                form.put("domid", call.domid());
                form.put("vcpu", call.vcpu());
                form.put("call", call.name());
                OptionalInt argument = call.argument();
                form.put("argument", argument.isPresent() ? Integer.toUnsignedLong(argument.getAsInt()) : argument);
                form.put("error", call.error());
            }
            case Event event -> {
                form.put("domid", event.domid());
                form.put("event", event.port());
            }
            case Lost lost -> form.put("lost", lost.count());
            case Other other -> {
                form.put("record", other.event());
                form.put("words", other.words());
            }
        }
        return form;
    }
}
