// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Bit numbers in the map that {@code XENVER_get_features} answers (xen/include/public/features.h). */
public final class XenFeature {
    public static final int WRITABLE_PAGE_TABLES = 0;
    public static final int WRITABLE_DESCRIPTOR_TABLES = 1;
    public static final int AUTO_TRANSLATED_PHYSMAP = 2;
    public static final int SUPERVISOR_MODE_KERNEL = 3;
    public static final int PAE_PGDIR_ABOVE_4GB = 4;
    public static final int MMU_PT_UPDATE_PRESERVE_AD = 5;
    public static final int HIGHMEM_ASSIST = 6;
    public static final int GNTTAB_MAP_AVAIL_BITS = 7;
    public static final int HVM_CALLBACK_VECTOR = 8;
    public static final int HVM_SAFE_PVCLOCK = 9;
    public static final int HVM_PIRQS = 10;
    public static final int DOM0 = 11;
    public static final int MEMORY_OP_VNODE_SUPPORTED = 13;
    public static final int ARM_SMCCC_SUPPORTED = 14;
    public static final int LINUX_RSDP_UNRESTRICTED = 15;
    public static final int NOT_DIRECT_MAPPED = 16;
    public static final int DIRECT_MAPPED = 17;
    public static final int NR_SUBMAPS = 1;

    private XenFeature() {}
}
