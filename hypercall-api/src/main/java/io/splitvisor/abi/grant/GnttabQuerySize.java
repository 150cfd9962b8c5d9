// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Current and maximal size of a grant table. {@code struct gnttab_query_size} in grant_table.h.
 *
 * <pre>
 *   offset  size  field          written by
 *        0     2  dom            caller: the domain, or DOMID_SELF
 *        4     4  nr_frames      monitor
 *        8     4  max_nr_frames  monitor
 *       12     2  status         monitor: a GNTST_* number
 * </pre>
 */
public final class GnttabQuerySize {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long DOM = 0;
    public static final long NR_FRAMES = 4;
    public static final long MAX_NR_FRAMES = 8;
    public static final long STATUS = 12;

    private GnttabQuerySize() {}

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

    public static int maxNrFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + MAX_NR_FRAMES);
    }

    public static void maxNrFrames(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + MAX_NR_FRAMES, value);
    }

    public static int status(MemorySegment memory, long at) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + STATUS);
    }

    public static void status(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + STATUS, (short) value);
    }
}
