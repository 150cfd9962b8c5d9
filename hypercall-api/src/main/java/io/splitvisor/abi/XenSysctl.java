// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What the toolstack asks about the host. {@code struct xen_sysctl} in sysctl.h.
 *
 * <pre>
 *   offset  size  field              written by
 *        0     4  cmd                caller: an XEN_SYSCTL_* number
 *        4     4  interface_version  caller
 *        8   128  u                  both: the structure of the operation
 * </pre>
 */
public final class XenSysctl {
    /** Bytes of the structure. */
    public static final int SIZE = 136;

    public static final long CMD = 0;
    public static final long INTERFACE_VERSION = 4;
    public static final long U = 8;

    private XenSysctl() {}

    public static int cmd(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CMD);
    }

    public static void cmd(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CMD, value);
    }

    public static int interfaceVersion(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + INTERFACE_VERSION);
    }

    public static void interfaceVersion(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + INTERFACE_VERSION, value);
    }

    /** Where the structure of the operation starts. */
    public static long u(long at) {
        return at + U;
    }
}
