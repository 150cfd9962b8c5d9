// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.hypercall.HypercallWait;

/**
 * How memory management is to work.
 *
 * @param pages frames to set aside, in one piece, for address spaces and their tables
 * @param lazy whether changes of registered tables are collected, and made by one hypercall; turning it off shows what that
 *     saves
 * @param waiting how processors wait for traps and hypercalls
 * @param shootdown how processors have others flush their TLBs
 */
public record PagingOptions(int pages, boolean lazy, HypercallWait waiting, ShootdownBy shootdown) {
    /** The same with another kind of shootdown. */
    public PagingOptions with(ShootdownBy other) {
        return new PagingOptions(pages, lazy, waiting, other);
    }

    /** As usual. */
    public static PagingOptions of(int pages) {
        return new PagingOptions(pages, true, HypercallWait.ADAPTIVE, ShootdownBy.INTERRUPT);
    }
}
