// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Capabilities in {@link XenSysctlPhysinfo} (sysctl.h, {@code XEN_SYSCTL_PHYSCAP_*}). */
public final class PhysicalCapabilities {
    public static final int HVM = 0x1;
    public static final int PV = 0x2;
    public static final int DIRECTIO = 0x4;
    public static final int HAP = 0x8;
    public static final int SHADOW = 0x10;
    public static final int IOMMU_HAP_PT_SHARE = 0x20;
    public static final int VMTRACE = 0x40;
    public static final int VPMU = 0x80;
    public static final int GNTTAB_V1 = 0x100;
    public static final int GNTTAB_V2 = 0x200;
    public static final int MAX = 0x200;

    private PhysicalCapabilities() {}
}
