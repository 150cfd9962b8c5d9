// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;

/**
 * How a domain's memory is to be virtualized.
 *
 * @param mode the mode
 * @param poolPages most table pages
 * @param trapEveryWrite shadow mode: whether no table is let out of sync, for comparison
 */
public record PagingConfig(PagingMode mode, int poolPages, boolean trapEveryWrite) {
    /** No paging. */
    public static final PagingConfig NONE = new PagingConfig(PagingMode.NONE, 0, false);

    /** Tables of four levels for a vCPU, and what one more mapping of a large page needs, cannot be given up at once. */
    private static final int PAGES_A_VCPU = 8;

    private static final int PAGES_PER_MIB = 256;

    /** Checks the ranges. */
    public PagingConfig {
        if (poolPages < 0 || poolPages > MonitorLayout.MAX_POOL_PAGES) {
            throw new IllegalArgumentException(poolPages + " pages for tables");
        }
    }

    /** As much memory for tables as xl gives a guest: 1 MiB a vCPU, and 8 KiB for each MiB of RAM. */
    public static PagingConfig of(PagingMode mode, DomainLayout layout) {
        if (mode == PagingMode.NONE) {
            return NONE;
        }
        long pages = (long) layout.vcpus() * PAGES_PER_MIB + 2L * (layout.ramPages() / PAGES_PER_MIB);
        return new PagingConfig(mode, (int) Math.min(pages, MonitorLayout.MAX_POOL_PAGES), false);
    }

    /** The fewest table pages with which a domain of so many vCPUs can run. */
    public static int fewestPages(int vcpus) {
        return vcpus * PAGES_A_VCPU;
    }
}
