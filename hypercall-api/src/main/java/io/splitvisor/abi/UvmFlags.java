// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/**
 * Flags of {@code update_va_mapping} (xen.h, {@code UVMF_*}): the kind of flush in bits 1:0, whose TLBs in bit 2,
 * or a mask of vCPUs.
 */
public final class UvmFlags {
    public static final int NONE = 0x0;
    public static final int TLB_FLUSH = 0x1;
    public static final int INVLPG = 0x2;
    public static final int FLUSHTYPE_MASK = 0x3;
    public static final int MULTI = 0x0;
    public static final int LOCAL = 0x0;
    public static final int ALL = 0x4;

    private UvmFlags() {}
}
