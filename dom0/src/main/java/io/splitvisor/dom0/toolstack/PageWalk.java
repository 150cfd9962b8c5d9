// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.List;
import java.util.OptionalLong;

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

    /** The guest's frame to which it leads; nothing if it leads nowhere, or where the guest's tables name machine pages. */
    public OptionalLong frame() {
        boolean registered = steps.stream().anyMatch(step -> step.table().equals("registered"));
        int at = registered ? -1 : guestLeaf();
        return at < 0 ? OptionalLong.empty() : OptionalLong.of(steps.get(at).pageOf(linear >>> Step.PAGE_SHIFT));
    }

    /** The machine page to which it leads; nothing if the monitor's tables do not lead there, or not yet. */
    public OptionalLong machinePage() {
        int at = guestLeaf();
        if (at < 0) {
            return OptionalLong.empty();
        }
        long page = steps.get(at).pageOf(linear >>> Step.PAGE_SHIFT);
        return steps.stream()
                .skip(at + 1L)
                .filter(Step::maps)
                .mapToLong(step -> step.pageOf(page))
                .findFirst();
    }

    private int guestLeaf() {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).table().equals("guest") && steps.get(i).maps()) {
                return i;
            }
        }
        return -1;
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
    public record Step(String table, int level, long address, long entry, long frame, boolean leaf) {
        private static final int PAGE_SHIFT = 12;
        private static final int LEVEL_BITS = 9;

        private boolean maps() {
            return leaf && frame >= 0;
        }

        /** The page within what this leaf maps, by the lowest bits of a page's number. */
        private long pageOf(long number) {
            long within = (1L << LEVEL_BITS * (level - 1)) - 1;
            return frame & ~within | number & within;
        }
    }
}
