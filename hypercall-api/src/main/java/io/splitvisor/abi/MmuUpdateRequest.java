// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * An element of {@code mmu_update}'s array. {@code struct mmu_update} in xen.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     8  ptr    caller: machine address of the entry, the command of {@link MmuUpdate} in bits 1:0
 *        8     8  val    caller: the new entry, or the frame for the machine-to-physical table
 * </pre>
 */
public final class MmuUpdateRequest {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long PTR = 0;
    public static final long VAL = 8;

    private MmuUpdateRequest() {}

    public static long ptr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PTR);
    }

    public static void ptr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PTR, value);
    }

    public static long val(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + VAL);
    }

    public static void val(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + VAL, value);
    }
}
