// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.vcpu.mmu.Tlb;

/** In whose name a processor touches memory. */
public enum Privilege {
    /** User mode, ring 3. */
    USER(Tlb.USER),
    /** The kernel. Under SMAP it cannot touch what user mode can. */
    KERNEL(Tlb.SUPERVISOR),
    /** The kernel with EFLAGS.AC set, as while it copies from and to user mode. */
    KERNEL_TO_USER(Tlb.SUPERVISOR_AC);

    private final int bank;

    Privilege(int bank) {
        this.bank = bank;
    }

    int bank() {
        return bank;
    }
}
