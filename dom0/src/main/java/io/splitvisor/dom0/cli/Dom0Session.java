// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.ManagementClient;
import io.splitvisor.dom0.management.ManagementServer;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A Dom0 in this process: its run folder, what runs in it, and the management server in front of it. */
final class Dom0Session implements AutoCloseable {
    /** How long guests may take to shut down when their Dom0 is told to end. */
    static final Duration GRACE = Duration.ofSeconds(5);

    private final RunFolder folder;
    private final Dom0Launcher.Dom0 dom0;
    private final ManagementServer server;
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private boolean closed;

    private Dom0Session(RunFolder folder, Dom0Launcher.Dom0 dom0) {
        this.folder = folder;
        this.dom0 = dom0;
        this.server = ManagementServer.start(folder.path().resolve(ManagementClient.SOCKET), dom0.toolstack(), stop());
    }

    /** Starts a Dom0 in the invocation's run folder. */
    static Dom0Session start(Invocation in) {
        // Read by logback.xml, before anything here logs.
        System.setProperty(
                "splitvisor.log",
                List.of("WARN", "INFO", "DEBUG").get(Math.min(in.globals().verbosity(), 2)));
        Dom0Launcher launcher = ServiceLoader.load(Dom0Launcher.class)
                .findFirst()
                .orElseThrow(() -> new ToolstackException(Kind.FAILED, "there is no Dom0 in this installation"));
        return start(
                in.runDir(),
                launcher,
                new Dom0Launcher.Options(in.globals().verbosity(), commandline(in), DeviceCommands.driverPath(in)));
    }

    static Dom0Session start(Path runDir, Dom0Launcher launcher, Dom0Launcher.Options options) {
        RunFolder folder = RunFolder.open(runDir);
        Dom0Launcher.Dom0 dom0 = null;
        try {
            dom0 = launcher.start(folder.path(), options);
            return new Dom0Session(folder, dom0);
        } catch (RuntimeException e) {
            if (dom0 != null) {
                dom0.close();
            }
            folder.close();
            throw e;
        }
    }

    private static String commandline(Invocation in) {
        return in.verb().name() + (in.operands().isEmpty() ? "" : " " + String.join(" ", in.operands()));
    }

    private ManagementServer.Stop stop() {
        return new ManagementServer.Stop() {
            @Override
            public void domains(Duration grace) {
                stopDomains(grace);
            }

            @Override
            public void dom0() {
                askToStop();
            }
        };
    }

    Toolstack toolstack() {
        return dom0.toolstack();
    }

    String summary() {
        return dom0.summary();
    }

    Path runDir() {
        return folder.path();
    }

    /** Waits until someone asks this Dom0 to end. */
    void awaitStop() throws InterruptedException {
        try {
            asked.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Asks this Dom0 to end. */
    void askToStop() {
        asked.complete(null);
    }

    /** Does something when someone asks this Dom0 to end; at once, if someone has. */
    void whenStopping(Runnable action) {
        asked.thenRun(action);
    }

    /** Whether someone has asked. */
    boolean isStopping() {
        return asked.isDone();
    }

    /** Asks all guests to shut down, waits, and destroys those that did not. Guests must not start again meanwhile. */
    void stopDomains(Duration grace) {
        List<DomainInfo> guests = guests();
        for (DomainInfo guest : guests) {
            quietly(() -> {
                if (guest.paused()) {
                    toolstack().unpause(guest.domid());
                }
                toolstack().shutdown(guest.domid(), ShutdownReason.POWEROFF);
            });
        }
        long end = System.nanoTime() + grace.toNanos();
        for (DomainInfo guest : guests) {
            Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            quietly(() -> toolstack().waitFor(guest.domid(), Condition.SHUTDOWN, left));
        }
        destroyDomains();
    }

    /** Destroys all guests. */
    void destroyDomains() {
        for (DomainInfo guest : guests()) {
            quietly(() -> toolstack().destroy(guest.domid()));
        }
    }

    /** Whether there are guests. */
    boolean hasDomains() {
        return !guests().isEmpty();
    }

    private List<DomainInfo> guests() {
        return toolstack().list().stream()
                .filter(domain -> domain.domid() != Toolstack.DOM0)
                .toList();
    }

    /** A domain that is gone already, or does not react, is no reason to leave the others. */
    private static void quietly(Runnable action) {
        try {
            action.run();
        } catch (ToolstackException _) {
            // what is still there is destroyed in the end
        }
    }

    /** Ends everything. May be called twice, and by two threads. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        asked.complete(null);
        try {
            server.close();
        } finally {
            try {
                dom0.close();
            } finally {
                folder.close();
            }
        }
    }
}
