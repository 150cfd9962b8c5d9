// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * One end of a copy: a grant reference, or a frame of the domain's own. {@code struct gnttab_copy_ptr} in
 * grant_table.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     4  u.ref   caller: if the end is a reference
 *        0     8  u.gmfn  caller: if it is a frame
 *        8     2  domid   caller: owner of the frame, or DOMID_SELF
 *       10     2  offset  caller: first byte in the page
 * </pre>
 */
public final class GnttabCopyPtr {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long REF = 0;
    public static final long GMFN = 0;
    public static final long DOMID = 8;
    public static final long OFFSET = 10;

    private GnttabCopyPtr() {}

    public static int ref(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + REF);
    }

    public static void ref(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + REF, value);
    }

    public static long gmfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + GMFN);
    }

    public static void gmfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + GMFN, value);
    }

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int offset(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + OFFSET));
    }

    public static void offset(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + OFFSET, (short) value);
    }
}
