// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Gives a page away. {@code struct gnttab_transfer} in grant_table.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     8  mfn     caller: the page
 *        8     2  domid   caller: who gets it
 *       12     4  ref     caller: the reference that accepts it
 *       16     2  status  monitor: a GNTST_* number
 * </pre>
 */
public final class GnttabTransfer {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long MFN = 0;
    public static final long DOMID = 8;
    public static final long REF = 12;
    public static final long STATUS = 16;

    private GnttabTransfer() {}

    public static long mfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MFN);
    }

    public static void mfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MFN, value);
    }

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int ref(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REF);
    }

    public static void ref(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REF, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
