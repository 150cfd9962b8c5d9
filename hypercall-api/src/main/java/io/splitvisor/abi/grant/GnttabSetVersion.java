// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Asks for a version of the grant table; answers the one in force. {@code struct gnttab_set_version} in
 * grant_table.h.
 *
 * <pre>
 *   offset  size  field    written by
 *        0     4  version  caller, then monitor: 1 or 2
 * </pre>
 */
public final class GnttabSetVersion {
    /** Bytes of the structure. */
    public static final int SIZE = 4;

    public static final long VERSION = 0;

    private GnttabSetVersion() {}

    public static int version(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VERSION);
    }

    public static void version(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VERSION, value);
    }
}
