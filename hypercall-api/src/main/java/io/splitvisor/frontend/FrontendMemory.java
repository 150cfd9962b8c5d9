// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.frontend;

import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;

/**
 * Frames of a domain, as far as a front end sees them. A guest-physical address is an offset in {@link #segment}; a frame has
 * 4096 bytes. Thread-safe.
 */
public interface FrontendMemory {
    /** Bytes in a frame. */
    int PAGE_SIZE = DomainLayout.PAGE_SIZE;

    /** All of it. */
    MemorySegment segment();

    /**
     * Consecutive free frames, zeroed.
     *
     * @return the first frame
     * @throws RuntimeException if there are not so many in a row
     */
    int allocate(int count);

    /** Gives frames back. Nobody may use them any more: a frame that is granted goes to {@link FrontendGrants#endAccess}. */
    void free(int frame, int count);

    /** Consecutive frames. */
    default MemorySegment pages(int frame, int count) {
        return segment().asSlice((long) frame * PAGE_SIZE, (long) count * PAGE_SIZE);
    }
}
