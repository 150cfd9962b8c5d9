// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.Blkif;

/**
 * What a virtual disk offers its front end, and what it may cost.
 *
 * @param maxQueues rings it may have ({@code multi-queue-max-queues})
 * @param maxRingPageOrder a ring has at most two to the power of this many pages ({@code max-ring-page-order})
 * @param maxIndirectSegments segments of an indirect request ({@code feature-max-indirect-segments}); 0 offers none
 * @param persistent whether mappings of grants may be kept ({@code feature-persistent})
 * @param maxPersistentGrants mappings kept for a ring
 */
public record BlockOptions(
        int maxQueues, int maxRingPageOrder, int maxIndirectSegments, boolean persistent, int maxPersistentGrants) {
    /** The most segments that the back end can serve. */
    public static final int MOST_SEGMENTS = 256;

    /** Checks the ranges. */
    public BlockOptions {
        require(maxQueues >= 1 && maxQueues <= Blkif.PROTOCOL.queues(), "maxQueues", maxQueues);
        require(
                maxRingPageOrder >= 0 && maxRingPageOrder <= Blkif.PROTOCOL.ringPageOrder(),
                "maxRingPageOrder",
                maxRingPageOrder);
        require(
                maxIndirectSegments >= 0 && maxIndirectSegments <= MOST_SEGMENTS,
                "maxIndirectSegments",
                maxIndirectSegments);
        require(maxPersistentGrants >= 1, "maxPersistentGrants", maxPersistentGrants);
    }

    private static void require(boolean ok, String what, int value) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + value + " is out of range");
        }
    }

    /** Everything, within Linux's limits where it has some. */
    public static BlockOptions defaults() {
        return new BlockOptions(4, 4, MOST_SEGMENTS, true, 1056);
    }
}
