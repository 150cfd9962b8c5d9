// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The system calls that put memory into this process's address space, and take it out. */
final class Mapping {
    static final int PROT_NONE = 0;
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_FIXED = 0x10;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;
    static final int NO_FILE = -1;

    private static final MethodHandle MMAP = Native.linkWords("mmap");
    private static final MethodHandle MUNMAP = Native.linkWords("munmap");

    /** Needed for what is closed, which a guest seldom does. */
    private static final class Moving {
        private static final MethodHandle MREMAP = Native.linkWords("mremap");
        private static final long MAYMOVE_FIXED = 1 | 2;
    }

    private Mapping() {}

    /** {@code mmap}; SAFETY: with {@code MAP_FIXED} the caller owns the range. */
    static long map(long address, long bytes, int protection, int flags, int fd, long offset) {
        MemorySegment state = Native.state();
        long at = Native.call(MMAP, state, address, bytes, protection, flags, fd, offset);
        if (at == -1) {
            throw Native.failure("mmap", state);
        }
        return at;
    }

    /** {@code munmap}; SAFETY: the caller owns the range, and nobody uses it any more. */
    static void unmap(long address, long bytes) {
        MemorySegment state = Native.state();
        int result = Native.callInt(MUNMAP, state, address, bytes);
        assert result == 0 : Native.errno(state);
    }

    /**
     * {@code mremap}: moves pages over others, which are unmapped. A thread that uses these meanwhile waits for the new ones.
     * SAFETY: the caller owns both ranges.
     *
     * @throws HostException if the system refuses; both are then as they were
     */
    static void move(long from, long bytes, long over) {
        MemorySegment state = Native.state();
        if (Native.call(Moving.MREMAP, state, from, bytes, bytes, Moving.MAYMOVE_FIXED, over) == -1) {
            throw Native.failure("mremap", state);
        }
    }
}
