// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a domain's memory is virtualized, and what that has cost since it was created; what {@code paging-info} shows.
 *
 * @param domid the domain
 * @param name its name
 * @param mode "none", "shadow", "registered" or "ept"
 * @param tablePages pages that tables take now
 * @param peakPages the most that they took
 * @param poolPages the most that they can take
 * @param counters what the monitor has counted, by name
 * @param frames machine pages by what they are used as; empty where they have no types
 * @param mmus what the guest's MMUs say about themselves; nothing makes sure that it is true
 */
public record PagingInfo(
        int domid,
        String name,
        String mode,
        long tablePages,
        long peakPages,
        long poolPages,
        Map<String, Long> counters,
        Map<String, Integer> frames,
        List<Mmu> mmus) {
    /** Keeps the order of the maps. */
    public PagingInfo {
        counters = new LinkedHashMap<>(counters);
        frames = new LinkedHashMap<>(frames);
        mmus = List.copyOf(mmus);
    }

    /**
     * The MMU of a vCPU.
     *
     * @param vcpu whose
     * @param walks walks of tables
     * @param references memory references of these
     * @param fills entries filled in the TLB
     * @param hits hits of the TLB, an estimate
     * @param faults page faults
     * @param flushes flushes of the whole TLB
     */
    public record Mmu(int vcpu, long walks, long references, long fills, long hits, long faults, long flushes) {}
}
