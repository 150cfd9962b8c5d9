// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/** Somebody who wants to see accesses to some linear addresses. Pages that hold one get no tags, so that nothing is missed. */
public interface DataWatch {
    /** Tags that a page must not have: bits {@code 1 << Tlb.READ} and {@code 1 << Tlb.WRITE}. */
    int hiddenRights(long linear);

    /**
     * An access is about to happen that the TLB did not answer. May throw a restart.
     *
     * @param access {@link Tlb#READ} or {@link Tlb#WRITE}
     */
    void accessed(long linear, int size, int access);
}
