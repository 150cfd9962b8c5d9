// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.CpuShare;
import java.util.Objects;
import java.util.Optional;

/**
 * What a domain gets of the host's processors; what {@code sched-credit} shows.
 *
 * @param domid the domain
 * @param name its name
 * @param share its weight and cap
 * @param problem why these have no effect, where they have none
 */
public record SchedCredit(int domid, String name, CpuShare share, Optional<String> problem) {
    /** Checks that nothing is null. */
    public SchedCredit {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(share, "share");
        Objects.requireNonNull(problem, "problem");
    }
}
