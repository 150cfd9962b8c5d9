// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * An element of {@code mmuext_op}'s array. {@code struct mmuext_op} in xen.h.
 *
 * <pre>
 *   offset  size  field             written by
 *        0     4  cmd               caller: of {@link MmuExtOp}
 *        8     8  arg1.mfn          caller: a machine page
 *        8     8  arg1.linear_addr  caller: or a linear address
 *       16     4  arg2.nr_ents      caller: entries of a descriptor table
 *       16     8  arg2.vcpumask     caller: or where a bitmap of vCPUs is
 *       16     8  arg2.src_mfn      caller: or the machine page to copy
 * </pre>
 */
public final class MmuExtRequest {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long CMD = 0;
    public static final long ARG1_MFN = 8;
    public static final long ARG1_LINEAR_ADDR = 8;
    public static final long ARG2_NR_ENTS = 16;
    public static final long ARG2_VCPUMASK = 16;
    public static final long ARG2_SRC_MFN = 16;

    private MmuExtRequest() {}

    public static int cmd(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CMD);
    }

    public static void cmd(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CMD, value);
    }

    public static long arg1Mfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARG1_MFN);
    }

    public static void arg1Mfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARG1_MFN, value);
    }

    public static long arg1LinearAddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARG1_LINEAR_ADDR);
    }

    public static void arg1LinearAddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARG1_LINEAR_ADDR, value);
    }

    public static int arg2NrEnts(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + ARG2_NR_ENTS);
    }

    public static void arg2NrEnts(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + ARG2_NR_ENTS, value);
    }

    public static long arg2Vcpumask(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARG2_VCPUMASK);
    }

    public static void arg2Vcpumask(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARG2_VCPUMASK, value);
    }

    public static long arg2SrcMfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + ARG2_SRC_MFN);
    }

    public static void arg2SrcMfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + ARG2_SRC_MFN, value);
    }
}
