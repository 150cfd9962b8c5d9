// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.DomainConfig;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * A domain as it is at one moment.
 *
 * @param domid the domain's number, 0 for Domain-0
 * @param name its name
 * @param uuid its UUID
 * @param memoryKib what it has now, in KiB
 * @param maxmemKib the most it may have, in KiB
 * @param vcpus virtual processors online
 * @param running whether a virtual processor is running at this moment
 * @param blocked whether all its virtual processors wait for something
 * @param paused whether the toolstack has paused it
 * @param shutdown why it shut down; absent while it has not
 * @param dying whether it is being destroyed and still holds something
 * @param cpuTimeNanos processor time that it has used, in nanoseconds
 * @param created when it was created
 * @param config what it was created from, with changes since (its name, its disks); absent for Domain-0
 */
public record DomainInfo(
        int domid,
        String name,
        UUID uuid,
        long memoryKib,
        long maxmemKib,
        int vcpus,
        boolean running,
        boolean blocked,
        boolean paused,
        Optional<ShutdownReason> shutdown,
        boolean dying,
        long cpuTimeNanos,
        Instant created,
        Optional<DomainConfig> config) {
    /** Checks that nothing is null or negative. */
    public DomainInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(uuid, "uuid");
        Objects.requireNonNull(shutdown, "shutdown");
        Objects.requireNonNull(created, "created");
        Objects.requireNonNull(config, "config");
        if (domid < 0 || memoryKib < 0 || vcpus < 0 || cpuTimeNanos < 0) {
            throw new IllegalArgumentException("domain " + domid);
        }
    }

    /** The six letters of {@code list}: running, blocked, paused, shut down, why, dying; a dash for each that is not. */
    public String flags() {
        return String.valueOf(new char[] {
            running ? 'r' : '-',
            blocked ? 'b' : '-',
            paused ? 'p' : '-',
            shutdown.isPresent() ? 's' : '-',
            shutdown.map(ShutdownReason::letter).orElse('-'),
            dying ? 'd' : '-'
        });
    }

    /** Whether it has shut down or is being destroyed: nothing of it runs any more. */
    public boolean ended() {
        return dying || shutdown.isPresent();
    }
}
