// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;

/**
 * Physical memory as the guest's tables name it. What lies behind it (a flat RAM, a physical-to-machine map, {@link EptMemory})
 * is the host's business; the MMU asks once a page, when it fills a TLB entry, and the host has the MMU flush when an answer
 * changes.
 */
public interface GuestMemory {
    /** {@link #page} of an address that no memory backs: a device or a hole. */
    long NO_PAGE = -1;

    /** All memory that this guest may reach. Nothing outside of it is ever accessed. Must be a native segment. */
    MemorySegment ram();

    /**
     * Where a guest-physical page lies.
     *
     * @param gfn the page's number, unsigned
     * @return the page-aligned offset in {@link #ram}, or {@link #NO_PAGE}
     */
    long page(long gfn);

    /**
     * Where a guest-physical page lies, for an access that somebody may have to permit first.
     *
     * @param access {@link Tlb#READ}, {@link Tlb#WRITE} or {@link Tlb#EXECUTE}
     */
    default long page(long gfn, int access) {
        return page(gfn);
    }

    /** Accesses that need no permission, as bits {@code 1 << Tlb.READ} and so on, to the page that was last asked for. */
    default int rights() {
        return AccessRules.ALL_RIGHTS;
    }

    /** The size, as a power of two, of the piece of RAM in which the page lies that was last asked for. */
    default int shift() {
        return 12;
    }

    /** As {@link Paging#settle}. */
    default long settle(Tlb tlb) {
        return 0;
    }

    /** References to memory that finding pages took. */
    default long references() {
        return 0;
    }

    /** Whether stores to a page that has memory go to {@link MmuEvents#deviceWrite} instead: ROM, trapped page tables. */
    default boolean writesTrap(long gfn) {
        return false;
    }

    /**
     * Memory from guest-physical zero up, without holes or devices.
     *
     * @param ram a native segment whose size is a multiple of the page size
     */
    static GuestMemory flat(MemorySegment ram) {
        if (!ram.isNative() || ram.byteSize() % 4096 != 0) {
            throw new IllegalArgumentException("guest memory must be native and consist of whole pages");
        }
        long pages = ram.byteSize() >>> 12;
        return new GuestMemory() {
            @Override
            public MemorySegment ram() {
                return ram;
            }

            @Override
            public long page(long gfn) {
                return gfn >= 0 && gfn < pages ? gfn << 12 : NO_PAGE;
            }

            @Override
            public int shift() {
                return 30;
            }
        };
    }
}
