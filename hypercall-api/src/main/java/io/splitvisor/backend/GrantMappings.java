// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

import java.lang.foreign.MemorySegment;

/**
 * The pages that one front-end domain has granted to this domain. Belongs to one device connection, and is confined to
 * its loop; whatever is still mapped when it is closed is unmapped then.
 *
 * <p>A mapped page is named by a handle. Its bytes are at {@link #offset} in {@link #memory}, and stay accessible (though
 * the granter may change them at any time) until the handle is unmapped.
 */
public interface GrantMappings extends AutoCloseable {
    /**
     * Maps one page ({@code GNTTABOP_map_grant_ref}).
     *
     * @param ref the grant reference, as the guest gave it: any 32 bits
     * @param writable false asks for reading only
     * @return a handle, 0 or more; or a negative GNTST status
     */
    int map(int ref, boolean writable);

    /** Unmaps a page ({@code GNTTABOP_unmap_grant_ref}): 0, or GNTST_bad_handle. */
    int unmap(int handle);

    /** The memory that offsets refer to. */
    MemorySegment memory();

    /** Where the page of a handle starts in {@link #memory}; add {@code memory().address()} for system calls. */
    long offset(int handle);

    /** How many pages are mapped now. */
    int mapped();

    /**
     * Maps the pages of a ring next to each other, writable.
     *
     * @throws GrantException if one of them cannot be mapped; then none is
     */
    RingPages mapRing(int... refs);

    /** Unmaps everything. Nothing may use a page any more: the caller has drained what was in flight. */
    @Override
    void close();

    /** A ring's pages, mapped contiguously. */
    interface RingPages extends AutoCloseable {
        /** The pages, in the order of the references. */
        MemorySegment segment();

        @Override
        void close();
    }
}
