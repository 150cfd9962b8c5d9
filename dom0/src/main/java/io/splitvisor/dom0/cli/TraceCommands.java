// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import java.util.concurrent.atomic.AtomicBoolean;

/** {@code trace}: starts a trace, waits in the foreground as xentrace does, and stops it. */
final class TraceCommands {
    private static final String TARGET = "/v1/trace";
    private static final long LOOK_MILLIS = 200;

    private TraceCommands() {}

    static int run(Invocation in) {
        if (in.arguments().has("stop")) {
            return in.show("DELETE", TARGET, "");
        }
        if (in.arguments().has("status")) {
            return in.show("GET", TARGET, "");
        }
        String file = in.arguments().value("file", "");
        String seconds = in.arguments().value("time", "");
        if (file.isEmpty() || !seconds.matches("[0-9]{0,9}")) {
            return in.wrongUsage();
        }
        String body = Json.line(Json.object(
                "file", in.environment().folder().resolve(file).toAbsolutePath(), "domains", in.operands()));
        Answer started = in.ask("POST", TARGET, body);
        if (!started.ok() || in.arguments().has("detach")) {
            return in.show(started);
        }
        in.log("Tracing to " + file + (seconds.isEmpty() ? "; Ctrl-C ends it." : " for " + seconds + " s."));
        return attend(in, seconds.isEmpty() ? Long.MAX_VALUE : Long.parseLong(seconds) * 1000);
    }

    /** Until the time is over, or a signal comes, or somebody else has stopped the trace. */
    private static int attend(Invocation in, long millis) {
        var stopped = new AtomicBoolean();
        var onSignal = new Thread(() -> stop(in, stopped), "end-of-trace");
        Runtime.getRuntime().addShutdownHook(onSignal);
        try {
            for (long left = millis; left > 0; left -= LOOK_MILLIS) {
                Thread.sleep(Math.min(left, LOOK_MILLIS));
                if (!in.ask("GET", TARGET, "").ok()) {
                    in.log("The trace was stopped.");
                    stopped.set(true);
                    return 0;
                }
            }
            return stop(in, stopped);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return stop(in, stopped);
        } finally {
            forget(onSignal);
        }
    }

    private static int stop(Invocation in, AtomicBoolean stopped) {
        return stopped.compareAndSet(false, true) ? in.show("DELETE", TARGET, "") : 0;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The process ends, and the hook is at work.
            return;
        }
    }
}
