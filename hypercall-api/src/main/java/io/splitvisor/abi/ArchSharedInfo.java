// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The part of {@link SharedInfo} that x86 defines: where a guest keeps its physical-to-machine table (P2M).
 * Toolstacks and dump tools read it; the monitor trusts none of it. {@code struct arch_shared_info} in
 * arch-x86/xen.h.
 *
 * <pre>
 *   offset  size  field                       written by
 *        0     8  max_pfn                     guest: last frame of its P2M
 *        8     8  pfn_to_mfn_frame_list_list  guest: frame of the P2M's index
 *       16     8  nmi_reason                  monitor: XEN_NMIREASON_* bits
 *       24     8  p2m_cr3                     guest: page table of the linear P2M
 *       32     8  p2m_vaddr                   guest: its address, or 0
 *       40     8  p2m_generation              guest: even while the P2M is at rest
 * </pre>
 */
public final class ArchSharedInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 48;

    public static final long MAX_PFN = 0;
    public static final long PFN_TO_MFN_FRAME_LIST_LIST = 8;
    public static final long NMI_REASON = 16;
    public static final long P2M_CR3 = 24;
    public static final long P2M_VADDR = 32;
    public static final long P2M_GENERATION = 40;

    private ArchSharedInfo() {}

    public static long maxPfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MAX_PFN);
    }

    public static void maxPfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MAX_PFN, value);
    }

    public static long pfnToMfnFrameListList(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PFN_TO_MFN_FRAME_LIST_LIST);
    }

    public static void pfnToMfnFrameListList(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PFN_TO_MFN_FRAME_LIST_LIST, value);
    }

    public static long nmiReason(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NMI_REASON);
    }

    public static void nmiReason(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NMI_REASON, value);
    }

    public static long p2mCr3(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + P2M_CR3);
    }

    public static void p2mCr3(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + P2M_CR3, value);
    }

    public static long p2mVaddr(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + P2M_VADDR);
    }

    public static void p2mVaddr(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + P2M_VADDR, value);
    }

    public static long p2mGeneration(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + P2M_GENERATION);
    }

    public static void p2mGeneration(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + P2M_GENERATION, value);
    }
}
