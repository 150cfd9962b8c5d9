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

    /**
     * Entries that lead to other tables of this level; or, negative, such entries elsewhere that lead to this one. Never both,
     * so that no chain is longer than one step: {@code linear_pt_count}, which has 16 bits.
     */
    private short linear;

    RegisteredTable(int machine, int level, int page) {
        this.machine = machine;
        this.level = level;
        this.page = page;
    }

    /** Whether an entry may lead to another table of this level. */
    boolean mayShow(RegisteredTable other) {
        return linear >= 0 && linear < Short.MAX_VALUE && other.linear <= 0 && other.linear > Short.MIN_VALUE;
    }

    /** So many more entries lead to another table of this level. */
    void show(RegisteredTable other, int entries) {
        linear += (short) entries;
        other.linear -= (short) entries;
    }

    /** Entries that lead to tables of this level, or, negative, such entries that lead here. */
    int linear() {
        return linear;
    }

    boolean isComplete() {
        return validated == PageTableEntry.ENTRIES;
    }
}
