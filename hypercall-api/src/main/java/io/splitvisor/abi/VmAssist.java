// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Commands and types of {@code vm_assist} (xen.h, {@code VMASST_*}). */
public final class VmAssist {
    public static final int CMD_ENABLE = 0;
    public static final int CMD_DISABLE = 1;
    public static final int TYPE_4GB_SEGMENTS = 0;
    public static final int TYPE_4GB_SEGMENTS_NOTIFY = 1;
    public static final int TYPE_WRITABLE_PAGETABLES = 2;
    public static final int TYPE_PAE_EXTENDED_CR3 = 3;
    public static final int TYPE_ARCHITECTURAL_IOPL = 4;
    public static final int TYPE_RUNSTATE_UPDATE_FLAG = 5;
    public static final int TYPE_M2P_STRICT = 32;

    private VmAssist() {}
}
