// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What the build runs to make the AOT cache of a Dom0: it starts one, and a few guests in it, so that a fresh Dom0's first
 * domains do not wait for its classes. Nothing of it runs for a user.
 */
public final class Dom0Training {
    private static final int ROUNDS = 4;
    private static final int MEMORY_MIB = 16;
    private static final long MOST_NANOS = 60_000_000_000L;

    private Dom0Training() {}

    /** Runs it: the jar and the class of a guest that says something on its console. */
    public static void main(String[] args) throws IOException {
        // A build must not wait for a training that hangs.
        Thread.ofPlatform().daemon().start(Dom0Training::giveUp);
        Path folder = Files.createTempDirectory("sv");
        Guest guest =
                new Guest.Jvm(Optional.empty(), Optional.of(args[1]), List.of(), List.of(Path.of(args[0])), List.of());
        Dom0Launcher launcher =
                ServiceLoader.load(Dom0Launcher.class).findFirst().orElseThrow();
        try (Dom0Launcher.Dom0 dom0 = launcher.start(folder, new Dom0Launcher.Options(0, "training"))) {
            for (int i = 0; i < ROUNDS; i++) {
                round(dom0.toolstack(), config("training" + i, guest));
            }
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
        System.exit(0);
    }

    private static void giveUp() {
        long end = System.nanoTime() + MOST_NANOS;
        while (end - System.nanoTime() > 0) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
        Runtime.getRuntime().halt(1);
    }

    private static void round(Toolstack toolstack, DomainConfig config) {
        int domid = toolstack.create(config, CreateOptions.START);
        try (ConsoleStream console = toolstack.console(domid)) {
            byte[] buffer = new byte[256];
            if (console.read(buffer, 0, buffer.length) <= 0) {
                throw new IllegalStateException("the guest said nothing");
            }
        }
        toolstack.list();
        toolstack.destroy(domid);
    }

    private static DomainConfig config(String name, Guest guest) {
        return DomainConfig.of(name, guest)
                .memory(MEMORY_MIB, MEMORY_MIB)
                .source("training")
                .build();
    }
}
