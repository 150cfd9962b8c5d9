// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Follows the domains of a setup: prints their consoles, remembers how each ended, and knows when the last one has. */
final class SetupLife implements AutoCloseable {
    /** Every end is an event; this is for one that was missed. */
    private static final int LOOK_AGAIN_SECONDS = 10;

    private final Toolstack toolstack;
    private final ConsolePrinter printer;
    private final boolean quiet;

    /** What happened; empty for Dom0's being told to end. */
    private final BlockingQueue<Optional<DomainEvent>> events = new LinkedBlockingQueue<>();

    private final Toolstack.Subscription subscription;
    private final Map<Integer, Thread> followers = new ConcurrentHashMap<>();
    private final Set<Integer> renamed = new HashSet<>();
    private final Map<String, String> endings = new LinkedHashMap<>();

    SetupLife(Toolstack toolstack, ConsolePrinter printer, boolean quiet) {
        this.toolstack = toolstack;
        this.printer = printer;
        this.quiet = quiet;
        this.subscription = toolstack.subscribe(this::listen);
    }

    /** Opens a new domain's console at once: a short-lived one may be gone when its event is worked on. */
    private void listen(DomainEvent event) {
        if (event instanceof DomainEvent.Created created && !quiet) {
            follow(created.domid(), created.name());
        }
        events.add(Optional.of(event));
    }

    /** Waits until no guest runs any more, or Dom0 was told to end. */
    void awaitEnd(Dom0Session session) throws InterruptedException {
        session.whenStopping(() -> events.add(Optional.empty()));
        while (!session.isStopping() && !(events.isEmpty() && noneRuns())) {
            Optional<DomainEvent> event = events.poll(LOOK_AGAIN_SECONDS, TimeUnit.SECONDS);
            if (event != null) {
                event.ifPresent(this::hear);
            }
        }
        for (Optional<DomainEvent> event = events.poll(); event != null; event = events.poll()) {
            event.ifPresent(this::hear);
        }
        for (Map.Entry<Integer, Thread> follower : followers.entrySet()) {
            if (isGone(follower.getKey())) {
                follower.getValue().join(TimeUnit.SECONDS.toMillis(2)); // it still reads what the domain last wrote
            }
        }
    }

    private boolean noneRuns() {
        return toolstack.list().stream()
                .filter(d -> d.domid() != Toolstack.DOM0)
                .allMatch(this::stays);
    }

    /** A domain that has shut down and is kept for inspection. Any other that has shut down is about to go or to restart. */
    private boolean stays(DomainInfo domain) {
        // One that is suspended has not ended.
        boolean ended = domain.shutdown()
                .filter(reason -> reason != ShutdownReason.SUSPEND)
                .isPresent();
        if (!ended || domain.config().isEmpty()) {
            return false;
        }
        DomainConfig.OnShutdown on = domain.config().get().on();
        Action action =
                switch (domain.shutdown().get()) {
                    case POWEROFF, SUSPEND -> on.poweroff();
                    case REBOOT, SOFT_RESET -> on.reboot();
                    case CRASH -> on.crash();
                    case WATCHDOG -> on.watchdog();
                };
        return action == Action.PRESERVE || (action == Action.RENAME_RESTART && renamed.contains(domain.domid()));
    }

    private boolean isGone(int domid) {
        return toolstack.list().stream().noneMatch(domain -> domain.domid() == domid);
    }

    private void hear(DomainEvent event) {
        switch (event) {
            case DomainEvent.Created _ -> {
                // its console is open already
            }
            case DomainEvent.Shutdown shutdown ->
                endings.put(shutdown.name(), shutdown.reason().word());
            case DomainEvent.Destroyed destroyed ->
                endings.put(
                        destroyed.name(),
                        destroyed.reason().map(ShutdownReason::word).orElse("destroyed"));
            case DomainEvent.Renamed rename -> renamed.add(rename.domid()); // its console keeps the name that is known
        }
    }

    private void follow(int domid, String name) {
        Optional<ConsoleStream> console = console(domid);
        console.ifPresent(stream -> followers.put(
                domid, Thread.ofVirtual().name("console-of-" + name).start(() -> print(stream, name))));
    }

    private Optional<ConsoleStream> console(int domid) {
        try {
            return Optional.of(toolstack.console(domid));
        } catch (ToolstackException _) {
            return Optional.empty(); // gone already
        }
    }

    private void print(ConsoleStream stream, String name) {
        try (ConsolePrinter.Lines lines = printer.lines(name);
                stream) {
            var chunk = new byte[4096];
            for (int n = stream.read(chunk, 0, chunk.length); n > 0; n = stream.read(chunk, 0, chunk.length)) {
                lines.add(chunk, n);
            }
        }
    }

    /** A line for each domain that did not end well: by a shutdown of its own, or on request. */
    List<String> failures() {
        var failures = new ArrayList<String>();
        endings.forEach((name, ending) -> {
            if (ending.equals("crash") || ending.equals("watchdog")) {
                failures.add(name + ": ended with " + ending);
            }
        });
        return failures;
    }

    /** How each domain ended. */
    List<Map<String, Object>> outcomes() {
        var outcomes = new ArrayList<Map<String, Object>>();
        endings.forEach((name, ending) -> outcomes.add(Json.object("name", name, "ended", ending)));
        return outcomes;
    }

    @Override
    public void close() {
        subscription.close();
    }
}
