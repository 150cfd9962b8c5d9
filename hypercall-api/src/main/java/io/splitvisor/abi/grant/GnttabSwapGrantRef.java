// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Swaps the contents of two entries. {@code struct gnttab_swap_grant_ref} in grant_table.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     4  ref_a   caller: a reference
 *        4     4  ref_b   caller: another
 *        8     2  status  monitor: a GNTST_* number
 * </pre>
 */
public final class GnttabSwapGrantRef {
    /** Bytes of the structure. */
    public static final int SIZE = 12;

    public static final long REF_A = 0;
    public static final long REF_B = 4;
    public static final long STATUS = 8;

    private GnttabSwapGrantRef() {}

    public static int refA(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REF_A);
    }

    public static void refA(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REF_A, value);
    }

    public static int refB(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REF_B);
    }

    public static void refB(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REF_B, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
