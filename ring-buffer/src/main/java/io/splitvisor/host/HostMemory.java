// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.MemorySegment;

/** Memory that is known by its address, as system calls name it. */
public final class HostMemory {
    /** SAFETY: nothing is read but what a caller of {@link #copy} vouches for. */
    private static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private HostMemory() {}

    /**
     * Copies bytes from an address into a segment.
     *
     * @param address mapped for at least {@code length} bytes, and kept so by the caller during the call
     */
    public static void copy(long address, MemorySegment to, long at, long length) {
        MemorySegment.copy(EVERYTHING, address, to, at, length);
    }
}
