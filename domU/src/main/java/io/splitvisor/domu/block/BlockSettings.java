// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

/**
 * What a front end asks for; the back end's limits apply on top.
 *
 * @param queues rings
 * @param ringPageOrder two to the power of this many pages in a ring: 32 requests in flight for each page
 * @param persistent whether to let the back end keep its mappings of the buffers
 * @param indirect whether to use indirect requests, and so more than 11 pages in one
 */
public record BlockSettings(int queues, int ringPageOrder, boolean persistent, boolean indirect) {
    /** Checks the ranges. */
    public BlockSettings {
        if (queues < 1 || queues > 64 || ringPageOrder < 0 || ringPageOrder > 4) {
            throw new IllegalArgumentException(queues + " queues of order " + ringPageOrder + " are out of range");
        }
    }

    /** One ring of one page, persistent, with indirect requests. */
    public static BlockSettings defaults() {
        return new BlockSettings(1, 0, true, true);
    }
}
