// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.GrantMappings;
import java.lang.foreign.MemorySegment;

/**
 * The guest's pages that a ring's requests use: mapped for a request, or kept mapped where the front end allows that. A
 * page in use is named by a token. Confined to the loop.
 */
final class GrantPages {
    private static final int KEPT = 1 << 30;

    private final GrantMappings mappings;
    private final MemorySegment memory;
    private final long base;
    private final PersistentGrants kept;

    /** @param keep mappings to keep at most; 0 if the front end does not use its grants again */
    GrantPages(GrantMappings mappings, int keep) {
        this.mappings = mappings;
        this.memory = mappings.memory();
        this.base = memory.address();
        this.kept = keep > 0 ? new PersistentGrants(keep) : null;
    }

    /**
     * Maps a page.
     *
     * @return a token, 0 or more; or a negative GNTST status
     */
    int map(int ref, boolean writable) {
        if (kept == null) {
            return mappings.map(ref, writable);
        }
        int entry = kept.acquire(ref);
        return entry != PersistentGrants.NONE ? entry | KEPT : mapAndKeep(ref);
    }

    private int mapAndKeep(int ref) {
        // Writable whatever it is for now: a kept mapping serves reads and writes.
        int handle = mappings.map(ref, true);
        if (handle < 0) {
            return handle;
        }
        if (kept.isFull()) {
            int evicted = kept.evict();
            if (evicted == PersistentGrants.NONE) {
                return handle;
            }
            mappings.unmap(evicted);
        }
        return kept.add(ref, handle) | KEPT;
    }

    /** Ends the use of a page. */
    void release(int token) {
        if ((token & KEPT) != 0) {
            kept.release(token & ~KEPT);
        } else {
            mappings.unmap(token);
        }
    }

    /** The host address of a page. */
    long address(int token) {
        return base + offset(token);
    }

    /** Where a page is in {@link #memory}. */
    long offset(int token) {
        return mappings.offset((token & KEPT) != 0 ? kept.handle(token & ~KEPT) : token);
    }

    MemorySegment memory() {
        return memory;
    }

    /** Mappings that are kept now. */
    int keptPages() {
        return kept == null ? 0 : kept.size();
    }
}
