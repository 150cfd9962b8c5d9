// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.host.Confinement;
import io.splitvisor.host.HostProcess;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A guest's process on its way. It is begun first, and its domain is made while it comes up: it has nothing to do with Dom0
 * until it attaches, and waits then until it is invited.
 */
final class GuestLaunch {
    static final int OPEN_FILES = 256;

    /** What a guest may have beside its guest-physical memory: code, stacks, a JVM's own structures. */
    private static final long OVERHEAD_BYTES = 512L << 20;

    private final DomainConfig config;
    private final String token;
    private final CompletableFuture<GuestProcess> process;

    private GuestLaunch(DomainConfig config, String token, CompletableFuture<Process> started) {
        this.config = config;
        this.token = token;
        this.process = started.thenApply(this::limited);
    }

    /**
     * Begins to start the program of a domain.
     *
     * @param folder its working folder, which exists
     * @param token what it presents to the attach socket
     */
    static GuestLaunch begin(DomainConfig config, Path folder, Path attachSocket, String token) {
        ProcessBuilder builder = new ProcessBuilder(GuestCommand.of(config))
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put(AttachMessages.SOCKET_VARIABLE, attachSocket.toString());
        environment.put(AttachMessages.TOKEN_VARIABLE, token);
        environment.put("LANG", "C.UTF-8");
        return new GuestLaunch(config, token, startConfined(builder, folder, config.name()));
    }

    /** The process inherits its rights from the thread that starts it: one that has next to none, and ends with this. */
    private static CompletableFuture<Process> startConfined(ProcessBuilder builder, Path folder, String name) {
        CompletableFuture<Process> started = new CompletableFuture<>();
        Thread.ofPlatform().name("start-" + name).start(() -> {
            try {
                Confinement.noNewPrivileges();
                Confinement.landlock(folder);
                started.complete(builder.start());
            } catch (IOException | RuntimeException e) {
                started.completeExceptionally(e);
            }
        });
        return started;
    }

    /** Where nothing set its limits on the way: late, but before the guest can attach. */
    private GuestProcess limited(Process started) {
        if (!GuestCommand.setsLimits()) {
            HostProcess.limit(started.pid(), HostProcess.RLIMIT_DATA, mostMemory(config));
            HostProcess.limit(started.pid(), HostProcess.RLIMIT_NOFILE, OPEN_FILES);
        }
        return new GuestProcess(started);
    }

    static long mostMemory(DomainConfig config) {
        return (config.memoryMib() << 20) + OVERHEAD_BYTES;
    }

    /** What the process presents to the attach socket. */
    String token() {
        return token;
    }

    /**
     * Waits until the process exists.
     *
     * @throws UncheckedIOException if there is none
     */
    GuestProcess await() {
        try {
            return process.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException io) {
                throw new UncheckedIOException(io);
            }
            throw e.getCause() instanceof RuntimeException known ? known : e;
        }
    }

    /** Waits until the process exists, or it is known that it never will. */
    Optional<GuestProcess> awaitAny() {
        return process.handle((started, _) -> Optional.ofNullable(started)).join();
    }
}
