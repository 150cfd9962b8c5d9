// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Flags in {@link XenDomctlGetdomaininfo} (domctl.h, {@code XEN_DOMINF_*}). */
public final class DomainFlags {
    public static final int DYING = 0x1;
    public static final int HVM_GUEST = 0x2;
    public static final int SHUTDOWN = 0x4;
    public static final int PAUSED = 0x8;
    public static final int BLOCKED = 0x10;
    public static final int RUNNING = 0x20;
    public static final int DEBUGGED = 0x40;
    public static final int XS_DOMAIN = 0x80;
    public static final int HAP = 0x100;
    public static final int SHUTDOWNMASK = 0xff;
    public static final int SHUTDOWNSHIFT = 0x10;

    private DomainFlags() {}
}
