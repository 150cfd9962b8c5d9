// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Version of a domain's grant table. {@code struct gnttab_get_version} in grant_table.h.
 *
 * <pre>
 *   offset  size  field    written by
 *        0     2  dom      caller: the domain, or DOMID_SELF
 *        2     2  pad      nobody
 *        4     4  version  monitor: 1 or 2
 * </pre>
 */
public final class GnttabGetVersion {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long DOM = 0;
    public static final long VERSION = 4;

    private GnttabGetVersion() {}

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }

    public static int version(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VERSION);
    }

    public static void version(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VERSION, value);
    }
}
