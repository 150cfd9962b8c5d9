// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.FrontendGrants;
import io.splitvisor.frontend.FrontendMemory;
import java.lang.foreign.MemorySegment;

/**
 * Consecutive pages to share with a back end, each with a grant reference of its own; nothing else ever lies in them. They are
 * granted when a call that uses them is made, and taken back after it, or kept granted for a back end that keeps mappings.
 *
 * <p>Belongs to one call at a time.
 */
public final class SharedPages implements AutoCloseable {
    private static final int NONE = FrontendGrants.NONE;

    private final FrontendMemory memory;
    private final FrontendGrants grants;
    private final int firstFrame;
    private final int[] refs;
    private final MemorySegment segment;
    private int grantedTo = NONE;
    private boolean grantedReadOnly;
    private boolean lost;

    /**
     * Takes zeroed pages of the domain.
     *
     * @throws RuntimeException if it has no such pages, or no grant references, left
     */
    public SharedPages(FrontendDomain domain, int pages) {
        this.memory = domain.memory();
        this.grants = domain.grants();
        this.firstFrame = memory.allocate(pages);
        this.refs = new int[pages];
        for (int i = 0; i < pages; i++) {
            refs[i] = grants.reserve();
            if (refs[i] < 0) {
                throw new IllegalStateException("this domain has no free grant reference left");
            }
        }
        this.segment = memory.pages(firstFrame, pages);
    }

    /** The pages. */
    public MemorySegment segment() {
        return segment;
    }

    /** How many there are. */
    public int pages() {
        return refs.length;
    }

    /** The grant reference of a page. */
    public int ref(int page) {
        return refs[page];
    }

    /**
     * Grants the first pages, or all of them for a back end that keeps mappings. Does nothing if that has been done.
     *
     * @param readOnly whether the back end may only read; not where it keeps mappings, which serve both
     */
    public void grant(Link link, int count, boolean readOnly) {
        boolean only = readOnly && !link.persistent();
        if (grantedTo == link.backendDomid() && grantedReadOnly == only) {
            return;
        }
        int most = link.persistent() ? refs.length : count;
        for (int i = 0; i < most; i++) {
            grants.grant(refs[i], link.backendDomid(), firstFrame + i, only);
        }
        grantedTo = link.backendDomid();
        grantedReadOnly = only;
    }

    /**
     * Takes the pages back from the back end.
     *
     * @return false if it still has one mapped; then they are lost
     */
    public boolean revoke() {
        if (grantedTo == NONE) {
            return true;
        }
        boolean all = true;
        for (int ref : refs) {
            all &= grants.revoke(ref);
        }
        if (all) {
            grantedTo = NONE;
        } else {
            lost = true;
        }
        return all;
    }

    /** A call is over without a response: pages that the back end still has mapped are lost. */
    public void abandon() {
        for (int ref : refs) {
            lost |= grants.inUse(ref);
        }
    }

    /** Whether a back end never gave one of the pages back, so that they are not to be used any more. */
    public boolean isLost() {
        return lost;
    }

    /** Gives the pages back to the domain's memory; one that the back end has mapped follows when it has not. */
    @Override
    public void close() {
        for (int i = 0; i < refs.length; i++) {
            grants.endAccess(refs[i], firstFrame + i);
        }
    }
}
