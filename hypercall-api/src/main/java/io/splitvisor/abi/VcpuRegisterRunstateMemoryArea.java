// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Where the monitor keeps a copy of a vCPU's runstate. {@code struct vcpu_register_runstate_memory_area} in vcpu.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     8  addr.h  caller: the address, as a handle
 *        0     8  addr.v  caller: the same, virtual
 *        0     8  addr.p  caller: the same, physical
 * </pre>
 */
public final class VcpuRegisterRunstateMemoryArea {
    /** Bytes of the structure. */
    public static final int SIZE = 8;

    public static final long ADDR_H = 0;
    public static final long ADDR_V = 0;
    public static final long ADDR_P = 0;

    private VcpuRegisterRunstateMemoryArea() {}

    public static long addrH(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ADDR_H);
    }

    public static void addrH(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ADDR_H, value);
    }

    public static long addrV(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ADDR_V);
    }

    public static void addrV(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ADDR_V, value);
    }

    public static long addrP(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ADDR_P);
    }

    public static void addrP(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ADDR_P, value);
    }
}
