// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Commands in bits 1:0 of {@code mmu_update.ptr} (xen.h). */
public final class MmuUpdate {
    /** Writes a page-table entry, with full checks. */
    public static final int NORMAL_PT_UPDATE = 0;
    /** Updates the machine-to-physical table. */
    public static final int MACHPHYS_UPDATE = 1;
    /** As the normal update, but keeps accessed and dirty bits. */
    public static final int PT_UPDATE_PRESERVE_AD = 2;
    /** As the normal update, without translating frames. */
    public static final int PT_UPDATE_NO_TRANSLATE = 3;

    private MmuUpdate() {}
}
