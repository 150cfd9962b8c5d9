// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import java.util.Locale;

/** What the monitor counts for a domain's paging: 8 bytes each in the header, in this order. */
public enum PagingCounter {
    /** Traps that mended a mapping, or raised the guest's own page fault. */
    FAULTS,
    /** Those of them that were the guest's own. */
    GUEST_FAULTS,
    /** Stores to write-protected tables that the monitor did. */
    WRITES,
    INVLPGS,
    CR3_LOADS,
    CONTROLS,
    EPT_VIOLATIONS,
    EPT_MISCONFIGURATIONS,
    /** Hypercalls {@code mmu_update}. */
    MMU_UPDATE_CALLS,
    /** Their elements. */
    MMU_UPDATES,
    /** Hypercalls {@code update_va_mapping}, with the form for other domains. */
    VA_UPDATES,
    /** Hypercalls {@code mmuext_op}. */
    MMUEXT_CALLS,
    /** Their elements. */
    MMUEXT_OPS,
    /** Tables validated. */
    VALIDATIONS,
    /** Tables whose validation was undone. */
    INVALIDATIONS,
    /** Long operations that let others have their turn. */
    PREEMPTIONS,
    /** Entries filled in shadow or extended tables. */
    FILLS,
    /** Shadow tables made. */
    SHADOWS_MADE,
    /** Shadow tables thrown away to make room. */
    EVICTIONS,
    /** Tables let out of sync. */
    UNSYNCS,
    /** Tables brought back into sync. */
    RESYNCS,
    /** Large extended entries split into small ones. */
    SPLITS,
    /** Small extended entries made one large one. */
    COALESCES,
    /** Pages marked in the dirty bitmap. */
    DIRTIED,
    /** Table pages in use now: no counter. */
    POOL_USED,
    /** The most that were in use at a time. */
    POOL_PEAK;

    /** Its name in output, such as "guest-faults". */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
