// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** What {@code XENMEM_add_to_physmap} puts at a guest frame (memory.h, {@code XENMAPSPACE_*}). */
public final class PhysmapSpace {
    public static final int SHARED_INFO = 0;
    public static final int GRANT_TABLE = 1;
    public static final int GMFN = 2;
    public static final int GMFN_RANGE = 3;
    public static final int GMFN_FOREIGN = 4;
    public static final int DEV_MMIO = 5;

    private PhysmapSpace() {}

    /** Xen's name, such as "shared_info"; "space N" for a number that Xen does not define. */
    public static String nameOf(int space) {
        return switch (space) {
            case SHARED_INFO -> "shared_info";
            case GRANT_TABLE -> "grant_table";
            case GMFN -> "gmfn";
            case GMFN_RANGE -> "gmfn_range";
            case GMFN_FOREIGN -> "gmfn_foreign";
            case DEV_MMIO -> "dev_mmio";
            default -> "space " + space;
        };
    }
}
