// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Flags in {@link XenMemoryReservation} (memory.h, {@code XENMEMF_*}). */
public final class MemoryFlags {
    public static final int POPULATE_ON_DEMAND = 0x10000;
    public static final int EXACT_NODE_REQUEST = 0x20000;
    public static final int VNODE = 0x40000;

    private MemoryFlags() {}
}
