// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A large piece of private memory, zero at first, of which only what is touched costs anything. Pages next to it on both
 * sides are inaccessible. Its pages can be given back, and files be mapped over them.
 */
public final class ReservedMemory implements AutoCloseable {
    private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;
    private static final int ZEROES = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_NORESERVE;
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
        long base = Mapping.map(0, whole, Mapping.PROT_NONE, ZEROES, Mapping.NO_FILE, 0);
        // SAFETY: the range was mapped just before, and is unmapped only by closing the arena.
        this.segment = MemorySegment.ofAddress(base + GUARD).reinterpret(bytes, arena, _ -> Mapping.unmap(base, whole));
        clear(0, bytes);
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Gives pages back; they read as zero afterwards. */
    public void clear(long offset, long bytes) {
        place(offset, bytes, READ_WRITE, ZEROES, Mapping.NO_FILE, 0);
    }

    /**
     * Maps a file over pages: stores go to the file, and those of others are seen. Pages behind the file's end must not
     * be touched.
     *
     * @param fd open for reading, and for writing if the pages are to be written
     * @throws HostException if the system refuses; the pages are then as they were
     */
    public void mapShared(long offset, long bytes, int fd, boolean writable, long fileOffset) {
        place(offset, bytes, writable ? READ_WRITE : Mapping.PROT_READ, Mapping.MAP_SHARED, fd, fileOffset);
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
        Mapping.map(segment.address() + offset, bytes, protection, flags | Mapping.MAP_FIXED, fd, fileOffset);
    }
}
