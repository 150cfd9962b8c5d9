// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.monitor.memory.FrameTable;

/** A page that the guest uses as a page table: its copy in the pool, and how far it is validated. */
final class RegisteredTable {
    /** The guest's page. */
    final int machine;

    /** 1 to 4. */
    final int level;

    /** The copy that MMUs walk. */
    final int page;

    /** Entries below this are valid, and hold their references. */
    int validated;

    /** The table that the entry at {@link #validated} led to when its validation was interrupted; or {@link FrameTable#NONE}. */
    int awaited = FrameTable.NONE;

    /** Whether it stands in the queue of those that are undone. */
    boolean leaving;

    RegisteredTable(int machine, int level, int page) {
        this.machine = machine;
        this.level = level;
        this.page = page;
    }

    boolean isComplete() {
        return validated == PageTableEntry.ENTRIES;
    }
}
