// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * Translates a linear page when the TLB has no entry for it. Paging modes differ in this, and in nothing else: {@link
 * PageWalk} over the guest's own tables (and over {@link EptMemory}, where the guest's memory is mapped again), {@link
 * ShadowPaging} and {@link RegisteredPaging} over the monitor's.
 */
public interface Paging {
    /** {@link #translate} found a mapping. */
    int MAPPED = -1;
    /** {@link #translate} of a store: allowed, but {@link #store} has to do it. */
    int EMULATED = -2;
    /** {@link #compareAndSet} found something else, which stays. */
    int DIFFERENT = -3;

    /** Width of a guest-physical address, MAXPHYADDR, whoever walks: the processor's registers and all tables agree on it. */
    int PHYSICAL_BITS = 46;

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
     * @return {@link #MAPPED}, {@link #EMULATED}, or the page fault's error code
     */
    int translate(long linear, int access, int bank, Mapping out);

    /** Chooses format and rules; the caller flushes. */
    void controls(PagingControls controls);

    /** The rules in force. */
    PagingControls controls();

    /** Points to the top table, as CR3 does; the caller flushes. */
    void root(long cr3);

    /**
     * Loads the four entries that PAE paging holds in registers.
     *
     * @return false, changing nothing, if one has reserved bits set: #GP
     */
    default boolean loadPdptes(long cr3) {
        return true;
    }

    /** The page that holds an address is to be looked up again: INVLPG. The caller flushes it from the TLB. */
    default void invalidate(long linear) {}

    /** Any page is to be looked up again, of any context: INVPCID. The caller flushes the TLB. */
    default void invalidateAll() {}

    /**
     * Does a store within a page for which {@link #translate} answered {@link #EMULATED}.
     *
     * @return {@link #MAPPED}, or the page fault's error code
     */
    default int store(long linear, int size, long value, int bank) {
        throw new IllegalStateException("no store is emulated here");
    }

    /**
     * Flushes what may hold no longer, by no act of this processor. The MMU asks before and after each translation, and at
     * safe points.
     *
     * @return a number that is another one after each change
     */
    default long settle(Tlb tlb) {
        return 0;
    }

    /**
     * Compares 8 aligned bytes and sets them if they are as expected, where {@link #translate} answered {@link #EMULATED}.
     *
     * @return {@link #MAPPED}, {@link #DIFFERENT}, or the page fault's error code
     */
    default int compareAndSet(long linear, long expected, long value, int bank) {
        throw new IllegalStateException("no store is emulated here");
    }

    /** References to memory that walks have made so far: entries read. */
    long references();

    /** Walks so far. */
    long walks();

    /** Where a page lies and what may be done to it. */
    final class Mapping {
        private long gfn;
        private int rights;
        private int shift;
        private int pieceShift;
        private boolean global;
        private boolean memory = true;

        /** Number of the physical page: guest-physical, or of the machine, whatever the MMU's {@link GuestMemory} takes. */
        public long gfn() {
            return gfn;
        }

        /** Accesses allowed without another walk, as bits {@code 1 << Tlb.READ} and so on. */
        public int rights() {
            return rights;
        }

        /** The size of the page that maps it, as a power of two: 12, 21, 22 or 30. */
        public int shift() {
            return shift;
        }

        /** The size of the piece of it that was found: less, where a monitor has split it. */
        public int pieceShift() {
            return pieceShift;
        }

        /** Whether it holds in all address spaces. */
        public boolean global() {
            return global;
        }

        /** Whether it leads to memory; if not, the page is guest-physical, and a device's or a hole. */
        public boolean memory() {
            return memory;
        }

        /** Sets all four, of a page of memory. */
        public void set(long newGfn, int newRights, int newShift, boolean isGlobal) {
            this.gfn = newGfn;
            this.rights = newRights;
            this.shift = newShift;
            this.pieceShift = newShift;
            this.global = isGlobal;
            this.memory = true;
        }

        /** No memory is behind the guest-physical page that was found. */
        void noMemory() {
            memory = false;
        }

        /** What was found is a piece of a larger page, which is invalidated as a whole. */
        void pieceOf(int wholeShift) {
            shift = wholeShift;
        }

        void copy(Mapping other) {
            set(other.gfn, other.rights, other.shift, other.global);
            pieceShift = other.pieceShift;
            memory = other.memory;
        }
    }
}
