// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Asks where the status frames of a version 2 table lie. {@code struct gnttab_get_status_frames} in
 * grant_table.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     4  nr_frames   caller: how many
 *        4     2  dom         caller: whose, or DOMID_SELF
 *        6     2  status      monitor: a GNTST_* number
 *        8     8  frame_list  caller: array for the frame numbers, 8 bytes each
 * </pre>
 */
public final class GnttabGetStatusFrames {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long NR_FRAMES = 0;
    public static final long DOM = 4;
    public static final long STATUS = 6;
    public static final long FRAME_LIST = 8;

    private GnttabGetStatusFrames() {}

    public static int nrFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_FRAMES);
    }

    public static void nrFrames(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_FRAMES, value);
    }

    public static int dom(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOM));
    }

    public static void dom(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOM, (short) value);
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
