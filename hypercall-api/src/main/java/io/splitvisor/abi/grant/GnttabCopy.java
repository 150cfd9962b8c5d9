// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Copies bytes between two pages, of which at least one may be granted. {@code struct gnttab_copy} in
 * grant_table.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0    16  source  caller
 *       16    16  dest    caller
 *       32     2  len     caller: bytes; neither end may cross its page
 *       34     2  flags   caller: GNTCOPY_*
 *       36     2  status  monitor: a GNTST_* number
 * </pre>
 */
public final class GnttabCopy {
    /** Bytes of the structure. */
    public static final int SIZE = 40;

    public static final long SOURCE = 0;
    public static final long DEST = 16;
    public static final long LEN = 32;
    public static final long FLAGS = 34;
    public static final long STATUS = 36;

    private GnttabCopy() {}

    /** Where {@code source} starts, a {@link GnttabCopyPtr}. */
    public static long source(long at) {
        return at + SOURCE;
    }

    /** Where {@code dest} starts, a {@link GnttabCopyPtr}. */
    public static long dest(long at) {
        return at + DEST;
    }

    public static int len(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + LEN));
    }

    public static void len(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + LEN, (short) value);
    }

    public static int flags(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + FLAGS));
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + FLAGS, (short) value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
