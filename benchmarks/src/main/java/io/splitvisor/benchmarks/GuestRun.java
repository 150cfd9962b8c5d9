// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks;

import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.DomainConfigBuilder;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Runs a guest of this module in a domain of its own. */
public final class GuestRun {
    private static final int MEMORY_MIB = 64;

    private GuestRun() {}

    /**
     * A Dom0 of a benchmark's own.
     *
     * @param folder where its run folder is made
     * @param benchmark what its log calls it
     */
    public static Dom0Launcher.Dom0 dom0(TemporaryFolder folder, String benchmark) throws IOException {
        return ServiceLoader.load(Dom0Launcher.class)
                .findFirst()
                .orElseThrow()
                .start(
                        Files.createDirectory(folder.path().resolve("run")),
                        new Dom0Launcher.Options(0, "bench " + benchmark));
    }

    /**
     * Starts a load generator: it is worth the second compiler.
     *
     * @param guest a class of this module that implements {@link io.splitvisor.domu.Guest}
     * @return its domid
     */
    public static int start(
            Toolstack toolstack, String name, Class<?> guest, List<String> arguments, List<DiskConfig> disks) {
        DomainConfig config = config(name, guest, List.of("-XX:TieredStopAtLevel=4"))
                .arguments(arguments)
                .memory(MEMORY_MIB, MEMORY_MIB)
                .disks(disks)
                .build();
        return toolstack.create(config, CreateOptions.START);
    }

    /** A guest of this module that is gone when it ends, to be described further. */
    public static DomainConfigBuilder config(String name, Class<?> guest, List<String> jvmOptions) {
        Guest jvm = new Guest.Jvm(
                Optional.empty(), Optional.of(guest.getName()), List.of(), List.of(ClassOrigin.of(guest)), jvmOptions);
        return DomainConfig.of(name, jvm).on(DomainConfig.OnShutdown.DESTROYS).source("bench");
    }

    /** Everything that a guest writes to its console until it ends. */
    public static String output(Toolstack toolstack, int domid) {
        StringBuilder output = new StringBuilder();
        try (ConsoleStream console = toolstack.console(domid)) {
            byte[] buffer = new byte[1024];
            for (int n = console.read(buffer, 0, buffer.length); n > 0; n = console.read(buffer, 0, buffer.length)) {
                output.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
            }
        }
        try {
            toolstack.waitFor(domid, Condition.DEATH, Duration.ofSeconds(30));
        } catch (ToolstackException e) {
            if (e.kind() != ToolstackException.Kind.NO_SUCH_DOMAIN) {
                throw e;
            }
            // It is gone already.
        }
        return output.toString();
    }
}
