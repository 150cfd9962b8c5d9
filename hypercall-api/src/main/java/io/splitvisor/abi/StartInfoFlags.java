// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Bits of {@code start_info.flags} (xen.h, {@code SIF_*}). */
public final class StartInfoFlags {
    /** The domain is privileged. */
    public static final int PRIVILEGED = 0x1;
    /** The domain is the first one. */
    public static final int INITDOMAIN = 0x2;
    /** mod_start points to multiboot module descriptors. */
    public static final int MULTIBOOT_MOD = 0x4;
    /** mod_start is a frame number. */
    public static final int MOD_START_PFN = 0x8;
    /** Tools may read the P2M through its virtual mapping. */
    public static final int VIRT_P2M_4TOOLS = 0x10;
    /** Power management bits. */
    public static final int PM_MASK = 0xff00;

    private StartInfoFlags() {}
}
