// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The part of {@link VcpuInfo} that x86 defines. {@code struct arch_vcpu_info} in arch-x86/xen-x86_64.h.
 *
 * <pre>
 *   offset  size  field  written by
 *        0     8  cr2    monitor: address of the last page fault; guest: may write it
 *        8     8  pad    nobody
 * </pre>
 */
public final class ArchVcpuInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 16;

    public static final long CR2 = 0;

    private ArchVcpuInfo() {}

    public static long cr2(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + CR2);
    }

    public static void cr2(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + CR2, value);
    }
}
