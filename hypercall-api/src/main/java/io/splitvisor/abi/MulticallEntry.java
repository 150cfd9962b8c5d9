// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One hypercall: 64 bytes, also the entry of a hypercall ring. {@code struct multicall_entry} in xen.h.
 *
 * <pre>
 *   offset  size  field    written by
 *        0     8  op       guest: a __HYPERVISOR_* number
 *        8     8  result   monitor: value, or a negative error
 *       16    48  args[6]  guest
 * </pre>
 */
public final class MulticallEntry {
    /** Bytes of the structure. */
    public static final int SIZE = 64;

    public static final long OP = 0;
    public static final long RESULT = 8;
    public static final long ARGS = 16;

    /** Words of {@code args}. */
    public static final int NR_ARGS = 6;

    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

    private MulticallEntry() {}

    public static long op(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + OP);
    }

    public static void op(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + OP, value);
    }

    public static long result(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + RESULT);
    }

    public static void result(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + RESULT, value);
    }

    /** The result as somebody sees it who waits for it, or for the call: with it comes what {@link #resultRelease} published. */
    public static long resultAcquire(MemorySegment memory, long at) {
        return (long) WORD.getAcquire(memory, at + RESULT);
    }

    /** Answers the call, or hands it over: what was written before is visible to whoever sees this ({@link #resultAcquire}). */
    public static void resultRelease(MemorySegment memory, long at, long value) {
        WORD.setRelease(memory, at + RESULT, value);
    }

    public static long args(MemorySegment memory, long at, int index) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARGS + (long) index * 8);
    }

    public static void args(MemorySegment memory, long at, int index, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARGS + (long) index * 8, value);
    }
}
