// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks;

import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Runs a guest of this module in a domain of its own. */
public final class GuestRun {
    private static final int MEMORY_MIB = 64;

    private GuestRun() {}

    /**
     * Starts a guest.
     *
     * @param guest a class of this module that implements {@link io.splitvisor.domu.Guest}
     * @return its domid
     */
    public static int start(
            Toolstack toolstack, String name, Class<?> guest, List<String> arguments, List<DiskConfig> disks) {
        Path jar = Path.of(
                guest.getProtectionDomain().getCodeSource().getLocation().getPath());
        // A load generator is worth the second compiler.
        Guest jvm = new Guest.Jvm(
                Optional.empty(),
                Optional.of(guest.getName()),
                List.of(),
                List.of(jar),
                List.of("-XX:TieredStopAtLevel=4"));
        DomainConfig config = new DomainConfig(
                name,
                Optional.empty(),
                jvm,
                arguments,
                MEMORY_MIB,
                MEMORY_MIB,
                1,
                1,
                disks,
                List.of(),
                new DomainConfig.OnShutdown(Action.DESTROY, Action.DESTROY, Action.DESTROY, Action.DESTROY),
                false,
                List.of(),
                "bench");
        return toolstack.create(config, CreateOptions.START);
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
