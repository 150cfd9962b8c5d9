// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** The control registers of a vCPU, as far as they count for paging. */
record Controls(long cr0, long cr4, long efer) {
    private static final long WP = 1 << 16;
    private static final long SMEP = 1 << 20;
    private static final long SMAP = 1 << 21;
    private static final long NXE = 1 << 11;

    /** What a vCPU starts with: CR0 = PE | WP | PG, CR4 = PAE | PGE, EFER = LME | LMA | NXE. */
    static final Controls INITIAL = new Controls(0x8001_0001L, 0xa0, 0xd00);

    boolean writeProtect() {
        return (cr0 & WP) != 0;
    }

    boolean smep() {
        return (cr4 & SMEP) != 0;
    }

    boolean smap() {
        return (cr4 & SMAP) != 0;
    }

    boolean noExecute() {
        return (efer & NXE) != 0;
    }
}
