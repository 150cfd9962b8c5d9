// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * A name for a domain, of 16 bytes. {@code struct xen_domctl_setdomainhandle} in domctl.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0    16  handle[16]  caller: a UUID
 * </pre>
 */
public final class XenDomctlSetdomainhandle {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long HANDLE = 0;

    private XenDomctlSetdomainhandle() {}

    public static int handle(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + HANDLE + index));
    }

    public static void handle(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + HANDLE + index, (byte) value);
    }
}
