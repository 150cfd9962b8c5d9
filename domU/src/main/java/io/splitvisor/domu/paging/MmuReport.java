// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.vcpu.mmu.Mmu;
import java.lang.foreign.MemorySegment;

/** What an MMU has done, and the vCPU's control page, where Dom0 reads it. */
public final class MmuReport {
    private final Mmu mmu;
    private final MemorySegment control;
    private long accesses;

    MmuReport(Mmu mmu, MemorySegment control) {
        this.mmu = mmu;
        this.control = control;
    }

    /** Walks of page tables. */
    public long walks() {
        return mmu.paging().walks();
    }

    /** References to memory in walks. */
    public long references() {
        return mmu.paging().references();
    }

    /** Entries of the TLB that were filled. */
    public long fills() {
        return mmu.tlb().fills();
    }

    /** Page faults raised. */
    public long faults() {
        return mmu.faults();
    }

    /** Accesses that found what they needed in the TLB: all but those that led to fills. */
    public long hits() {
        return Math.max(0, accesses - mmu.tlb().fills());
    }

    /** Writes the figures where Dom0 finds them. */
    void publish(long accessesSoFar) {
        accesses = accessesSoFar;
        MmuFigures.setRelease(control, MmuFigures.WALKS, walks());
        MmuFigures.setRelease(control, MmuFigures.REFERENCES, references());
        MmuFigures.setRelease(control, MmuFigures.FILLS, fills());
        MmuFigures.setRelease(control, MmuFigures.HITS, hits());
        MmuFigures.setRelease(control, MmuFigures.FAULTS, faults());
        MmuFigures.setRelease(control, MmuFigures.FLUSHES, mmu.tlb().flushes());
    }
}
