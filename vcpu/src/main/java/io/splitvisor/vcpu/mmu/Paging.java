// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/** Translates a linear page when the TLB has no entry for it. Paging modes differ in this, and in nothing else. */
public interface Paging {
    /** {@link #translate} found a mapping. */
    int MAPPED = -1;

    /** Error code bit: the entry was present. */
    int PRESENT = 1;
    /** Error code bit: the access was a store. */
    int WRITE = 2;
    /** Error code bit: the access was made in ring 3. */
    int USER = 4;
    /** Error code bit: a reserved bit was set. */
    int RESERVED = 8;
    /** Error code bit: the access was an instruction fetch. */
    int FETCH = 16;

    /**
     * Translates and sets accessed and dirty bits.
     *
     * @param linear a canonical linear address
     * @param access {@link Tlb#READ}, {@link Tlb#WRITE} or {@link Tlb#EXECUTE}
     * @param bank whose rights count, one of {@link Tlb}'s banks
     * @param out the mapping found
     * @return {@link #MAPPED}, or the page fault's error code
     */
    int translate(long linear, int access, int bank, Mapping out);

    /** Where a page lies and what may be done to it. */
    final class Mapping {
        private long gfn;
        private int rights;
        private boolean large;

        /** Guest-physical page number. */
        public long gfn() {
            return gfn;
        }

        /** Accesses allowed without another walk, as bits {@code 1 << Tlb.READ} and so on. */
        public int rights() {
            return rights;
        }

        /** Whether a page larger than 4 KiB maps it. */
        public boolean large() {
            return large;
        }

        /** Sets all three. */
        public void set(long gfn, int rights, boolean large) {
            this.gfn = gfn;
            this.rights = rights;
            this.large = large;
        }
    }
}
