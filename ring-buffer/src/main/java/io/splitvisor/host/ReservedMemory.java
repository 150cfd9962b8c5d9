// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A large piece of private memory, zero at first, of which only what is touched costs anything. Pages next to it on both
 * sides are inaccessible. Its pages can be given back, and files be mapped over them.
 */
public final class ReservedMemory implements AutoCloseable {
    private static final MethodHandle MMAP = Native.linkWords("mmap");
    private static final MethodHandle MUNMAP = Native.linkWords("munmap");

    private static final int PROT_NONE = 0;
    private static final int PROT_READ = 1;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int NO_FILE = -1;
    private static final long GUARD = 1 << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    /**
     * @param bytes a positive multiple of the page size
     * @throws HostException if the system refuses
     */
    public ReservedMemory(long bytes) {
        if (bytes <= 0 || bytes % SharedMemory.PAGE_SIZE != 0) {
            throw new IllegalArgumentException("size " + bytes + " is not a positive multiple of the page size");
        }
        long whole = bytes + 2 * GUARD;
        long base = map(0, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NO_FILE, 0);
        // SAFETY: the range was mapped just before, and is unmapped only by closing the arena.
        this.segment = MemorySegment.ofAddress(base + GUARD).reinterpret(bytes, arena, m -> unmap(base, whole));
        clear(0, bytes);
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Gives pages back; they read as zero afterwards. */
    public void clear(long offset, long bytes) {
        place(offset, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NO_FILE, 0);
    }

    /**
     * Maps a file over pages: stores go to the file, and those of others are seen. Pages behind the file's end must not
     * be touched.
     *
     * @param fd open for reading, and for writing if the pages are to be written
     * @throws HostException if the system refuses; the pages are then as they were
     */
    public void mapShared(long offset, long bytes, int fd, boolean writable, long fileOffset) {
        place(offset, bytes, writable ? PROT_READ_WRITE : PROT_READ, MAP_SHARED, fd, fileOffset);
    }

    /** Unmaps. Idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private void place(long offset, long bytes, int protection, int flags, int fd, long fileOffset) {
        java.util.Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
        map(segment.address() + offset, bytes, protection, flags | MAP_FIXED, fd, fileOffset);
    }

    private static long map(long address, long bytes, int protection, int flags, int fd, long fileOffset) {
        MemorySegment state = Native.state();
        long at = Native.call(MMAP, state, address, bytes, protection, flags, fd, fileOffset);
        if (at == -1) {
            throw Native.failure("mmap", state);
        }
        return at;
    }

    private static void unmap(long address, long bytes) {
        MemorySegment state = Native.state();
        int result = Native.callInt(MUNMAP, state, address, bytes);
        assert result == 0 : Native.errno(state);
    }
}
