// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Moves a vCPU's vcpu_info to guest memory, once. {@code struct vcpu_register_vcpu_info} in vcpu.h.
 *
 * <pre>
 *   offset  size  field   written by
 *        0     8  mfn     caller: the frame
 *        8     4  offset  caller: where in the frame
 *       12     4  rsvd    nobody
 * </pre>
 */
public final class VcpuRegisterVcpuInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long MFN = 0;
    public static final long OFFSET = 8;

    private VcpuRegisterVcpuInfo() {}

    public static long mfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MFN);
    }

    public static void mfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MFN, value);
    }

    public static int offset(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + OFFSET);
    }

    public static void offset(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + OFFSET, value);
    }
}
