// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Memory that is known by its address. Nothing here is checked: whoever calls vouches for it that the memory is mapped, and
 * stays so. What makes that true for closed memory is {@link RetiredMemory}.
 *
 * <p>All accesses go through one segment that is a constant to the compiler, whose bounds and lifetime therefore cost
 * nothing, where those of a segment in a field cost as much as the rest of a ring.
 */
public final class HostMemory {
    /** SAFETY: nothing is read or written but what a caller vouches for. */
    private static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle WORD = ValueLayout.JAVA_LONG_UNALIGNED.varHandle();
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

    private HostMemory() {}

    /** All of memory: offsets are addresses. For those who would make a slice each time, and check what they do themselves. */
    public static MemorySegment everything() {
        return EVERYTHING;
    }

    /**
     * Copies bytes from an address into a segment.
     *
     * @param address mapped for at least {@code length} bytes, and kept so by the caller during the call
     */
    public static void copy(long address, MemorySegment to, long at, long length) {
        MemorySegment.copy(EVERYTHING, address, to, at, length);
    }

    /**
     * Copies a few bytes, each of them read once, where a call to copy would take longer than copying.
     *
     * @param from mapped for so many bytes, as is {@code to}, and not overlapping with that
     */
    public static void copy(long from, long to, long bytes) {
        long at = 0;
        for (; at <= bytes - Long.BYTES; at += Long.BYTES) {
            WORD.set(EVERYTHING, to + at, (long) WORD.get(EVERYTHING, from + at));
        }
        for (; at < bytes; at++) {
            BYTE.set(EVERYTHING, to + at, (byte) BYTE.get(EVERYTHING, from + at));
        }
    }

    /**
     * Memory at an address, which never throws for being closed. The compiler makes no object of it where it does not leave
     * the method that asked, with what is inlined into that.
     *
     * @param bytes mapped from the address on as long as the slice is used
     */
    public static MemorySegment slice(long address, long bytes) {
        return EVERYTHING.asSlice(address, bytes);
    }

    /** An int, with acquire order. The address is a multiple of 4, as for the others. */
    public static int acquire(long address) {
        return (int) INT.getAcquire(EVERYTHING, address);
    }

    /** An int, in no order with anything but itself. */
    public static int opaque(long address) {
        return (int) INT.getOpaque(EVERYTHING, address);
    }

    /** Writes an int with release order. */
    public static void release(long address, int value) {
        INT.setRelease(EVERYTHING, address, value);
    }

    /** Writes an int, in no order with anything but itself. */
    public static void opaque(long address, int value) {
        INT.setOpaque(EVERYTHING, address, value);
    }
}
