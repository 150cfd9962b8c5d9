// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.List;

/**
 * How an address of a vCPU is translated; what {@code page-walk} shows.
 *
 * @param linear the address
 * @param steps the entries on the way, the guest's and the monitor's
 */
public record PageWalk(long linear, List<Step> steps) {
    /** Keeps the steps. */
    public PageWalk {
        steps = List.copyOf(steps);
    }

    /**
     * An entry.
     *
     * @param table "guest", "shadow", "registered" or "ept"
     * @param level 4 to 1
     * @param address where it lies: in the ram memfd for the guest's, else in the monitor memfd
     * @param entry its bits
     * @param frame what it leads to; -1 for nothing
     * @param leaf whether it ends the walk of its tables
     */
    public record Step(String table, int level, long address, long entry, long frame, boolean leaf) {}
}
