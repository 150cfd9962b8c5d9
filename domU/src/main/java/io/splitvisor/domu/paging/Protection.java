// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.PageTableEntry;

/**
 * What may be done to pages. All can be read, by whoever may touch them at all.
 *
 * @param write whether they can be written
 * @param execute whether instructions can be fetched from them
 * @param user whether user mode may touch them
 */
public record Protection(boolean write, boolean execute, boolean user) {
    /** For user mode: read. */
    public static final Protection READ = new Protection(false, false, true);
    /** For user mode: read and write. */
    public static final Protection READ_WRITE = new Protection(true, false, true);
    /** For user mode: read and execute. */
    public static final Protection READ_EXECUTE = new Protection(false, true, true);
    /** For the kernel only: read and write. */
    public static final Protection KERNEL = new Protection(true, false, false);

    /** The bits of a present entry. */
    long bits() {
        return PageTableEntry.PRESENT
                | (write ? PageTableEntry.WRITABLE : 0)
                | (user ? PageTableEntry.USER : 0)
                | (execute ? 0 : PageTableEntry.NO_EXECUTE);
    }
}
