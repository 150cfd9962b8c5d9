// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.attach.DomainLayout;

/**
 * A step of a walk, for people.
 *
 * @param table which tables: "guest", "shadow", "registered" or "ept"
 * @param level 4 to 1
 * @param address where the entry lies: an address of the guest for "guest", else in the monitor's memory
 * @param entry its 8 bytes
 * @param frame what it leads to: a frame, a page of the monitor's memory, or a machine page; -1 for nothing
 * @param leaf whether it ends the walk
 */
public record WalkStep(String table, int level, long address, long entry, long frame, boolean leaf) {
    /** A step in a table of the pool. */
    static WalkStep ofPool(String table, int level, int page, int index, long entry, boolean leaf) {
        long address = DomainLayout.bytes(page) + (long) index * Long.BYTES;
        long frame = entry == 0 ? -1 : PageTableEntry.frame(entry);
        return new WalkStep(table, level, address, entry, frame, leaf);
    }
}
