// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;

/** {@code dom0}: a Dom0 in the foreground, until a signal or {@code down} ends it. */
final class Dom0Command {
    private Dom0Command() {}

    static int run(Invocation in) {
        if (!in.operands().isEmpty()) {
            return in.wrongUsage();
        }
        try (Dom0Session session = Dom0Session.start(in);
                var _ = OnSignal.watch(in, session)) {
            in.log("Dom0 runs in " + session.runDir());
            if (in.json()) {
                in.environment().out().print(Json.pretty(Json.object("run_dir", session.runDir())));
            }
            in.environment().out().flush();
            session.awaitStop();
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
