// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Grows a domain's grant table to {@code nr_frames} and tells where its frames are. {@code struct
 * gnttab_setup_table} in grant_table.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     2  dom         caller: the domain, or DOMID_SELF
 *        4     4  nr_frames   caller
 *        8     2  status      monitor: a GNTST_* number
 *       16     8  frame_list  caller: where the monitor stores nr_frames frame numbers
 * </pre>
 */
public final class GnttabSetupTable {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long DOM = 0;
    public static final long NR_FRAMES = 4;
    public static final long STATUS = 8;
    public static final long FRAME_LIST = 16;

    private GnttabSetupTable() {}

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
    }

    public static int nrFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_FRAMES);
    }

    public static void nrFrames(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_FRAMES, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }

    public static long frameList(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + FRAME_LIST);
    }

    public static void frameList(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + FRAME_LIST, value);
    }
}
