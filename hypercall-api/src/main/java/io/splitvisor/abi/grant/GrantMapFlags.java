// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Flags of {@code gnttab_map_grant_ref} (grant_table.h, {@code GNTMAP_*}). */
public final class GrantMapFlags {
    /** Maps the frame for I/O devices. */
    public static final int DEVICE_MAP = 0x1;
    /** Maps the frame for the host CPUs. */
    public static final int HOST_MAP = 0x2;
    /** Read-only access. */
    public static final int READONLY = 0x4;
    /** The mapping is for the guest's user space. */
    public static final int APPLICATION_MAP = 0x8;
    /** host_addr is the machine address of a page-table entry. */
    public static final int CONTAINS_PTE = 0x10;
    /** Lowest of the bits that the guest may use. */
    public static final int GUEST_AVAIL0_BIT = 0x10;
    /** Bits that the guest may use. */
    public static final int GUEST_AVAIL_MASK = 0xffff0000;

    private GrantMapFlags() {}
}
