// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Maps a resource of another domain. {@code struct xen_mem_acquire_resource} in memory.h.
 *
 * <pre>
 *   offset  size  field       written by
 *        0     2  domid       caller: the other domain
 *        2     2  type        caller: which resource
 *        4     4  id          caller: which of that kind
 *        8     4  nr_frames   both: pages
 *       12     4  pad         caller: 0
 *       16     8  frame       caller: the first page
 *       24     8  frame_list  caller: where the frames are listed
 * </pre>
 */
public final class XenMemAcquireResource {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long DOMID = 0;
    public static final long TYPE = 2;
    public static final long ID = 4;
    public static final long NR_FRAMES = 8;
    public static final long PAD = 12;
    public static final long FRAME = 16;
    public static final long FRAME_LIST = 24;

    private XenMemAcquireResource() {}

    public static int domid(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + DOMID));
    }

    public static void domid(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + DOMID, (short) value);
    }

    public static int type(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + TYPE));
    }

    public static void type(MemorySegment memory, long at, int value) {
        memory.set(JAVA_SHORT_UNALIGNED, at + TYPE, (short) value);
    }

    public static int id(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + ID);
    }

    public static void id(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + ID, value);
    }

    public static int nrFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + NR_FRAMES);
    }

    public static void nrFrames(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + NR_FRAMES, value);
    }

    public static int pad(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + PAD);
    }

    public static void pad(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + PAD, value);
    }

    public static long frame(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + FRAME);
    }

    public static void frame(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + FRAME, value);
    }

    public static long frameList(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + FRAME_LIST);
    }

    public static void frameList(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + FRAME_LIST, value);
    }
}
