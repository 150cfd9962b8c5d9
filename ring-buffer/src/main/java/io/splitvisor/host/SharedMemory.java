// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Mapping.MAP_ANONYMOUS;
import static io.splitvisor.host.Mapping.MAP_FIXED;
import static io.splitvisor.host.Mapping.MAP_NORESERVE;
import static io.splitvisor.host.Mapping.MAP_PRIVATE;
import static io.splitvisor.host.Mapping.MAP_SHARED;
import static io.splitvisor.host.Mapping.NO_FILE;
import static io.splitvisor.host.Mapping.PROT_NONE;
import static io.splitvisor.host.Mapping.PROT_READ;
import static io.splitvisor.host.Mapping.PROT_WRITE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Objects;

/**
 * Memory that two processes share: a sealed memfd and this process's mapping of it.
 *
 * <p>The creator seals the size ({@code F_SEAL_SHRINK | F_SEAL_GROW}) before anybody else gets the descriptor, so no
 * peer can make an access fault by truncating it, and seals the seals. {@link #createGuarded} adds
 * {@code F_SEAL_FUTURE_WRITE}: this process keeps its writable mapping, everybody after it can map for reading only.
 * That includes this process's own later mappings: windows of guarded memory are read-only.
 *
 * <p>Accessing {@link #segment} after {@link #close} throws {@link IllegalStateException}; it never faults. Neither does whoever
 * uses the addresses without a check, and keeps a segment: he finds zeroes, and what he writes is lost.
 */
public final class SharedMemory implements AutoCloseable {
    /** Bytes in a page: the unit of grants, rings and {@link #window}. */
    public static final int PAGE_SIZE = 4096;

    private static final MethodHandle FCNTL = Native.linkWords("fcntl");

    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    private static final int F_SEAL_SEAL = 1;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
    private static final int F_SEAL_FUTURE_WRITE = 16;
    private static final int SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW;

    /** Calls that only the creator makes; a guest never links them. */
    private static final class Creation {
        private static final MethodHandle MEMFD_CREATE = Native.linkWords("memfd_create");
        private static final MethodHandle FTRUNCATE = Native.linkWords("ftruncate");
        private static final MethodHandle FALLOCATE = Native.linkWords("fallocate");
        private static final int MFD_CLOEXEC = 1;
        private static final int MFD_ALLOW_SEALING = 2;
        private static final int PUNCH_HOLE_KEEP_SIZE = 2 | 1;
    }

    /** Calls that only a peer who maps makes. */
    private static final class Joining {
        private static final MethodHandle LSEEK = Native.linkWords("lseek");
        private static final int SEEK_END = 2;
    }

    private final OwnedDescriptor fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final boolean writable;
    private final boolean guarded;

    private SharedMemory(int fd, long bytes, boolean writable, boolean guarded) {
        this.fd = new OwnedDescriptor(fd);
        this.writable = writable;
        this.guarded = guarded;
        long address = Mapping.map(0, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
        this.segment = asSegment(address, bytes, arena, writable);
    }

    /**
     * Creates memory that peers may map writable.
     *
     * @param name shown in {@code /proc/PID/maps}
     * @param bytes a positive multiple of the page size
     * @throws HostException if the system refuses
     */
    public static SharedMemory create(String name, long bytes) {
        return create(name, bytes, SIZE_SEALS | F_SEAL_SEAL);
    }

    /** As {@link #create}, but peers may map it for reading only. */
    public static SharedMemory createGuarded(String name, long bytes) {
        return create(name, bytes, SIZE_SEALS | F_SEAL_SEAL | F_SEAL_FUTURE_WRITE);
    }

    /**
     * Maps memory that a peer created. Takes the descriptor over: it is closed with this object, and on failure.
     *
     * @param fd the memfd received
     * @param bytes what the peer says is its size; refused if the descriptor's size is smaller, or not sealed, because
     *     an access past the end would be a fault
     * @param writable false maps for reading only
     * @throws HostException if it cannot be mapped
     */
    public static SharedMemory map(int fd, long bytes, boolean writable) {
        requirePages(bytes);
        try {
            int seals = fcntl(fd, F_GET_SEALS, 0);
            if ((seals & SIZE_SEALS) != SIZE_SEALS) {
                throw new HostException("map of shared memory whose size is not sealed", Errno.EPERM);
            }
            if (sizeOf(fd) < bytes) {
                throw new HostException("map of " + bytes + " bytes of smaller shared memory", Errno.EINVAL);
            }
            return new SharedMemory(fd, bytes, writable, (seals & F_SEAL_FUTURE_WRITE) != 0);
        } catch (HostException e) {
            Descriptors.close(fd);
            throw e;
        }
    }

    private static long sizeOf(int fd) {
        MemorySegment state = Native.state();
        long size = Native.call(Joining.LSEEK, state, fd, 0, Joining.SEEK_END);
        if (size < 0) {
            throw Native.failure("lseek", state);
        }
        return size;
    }

    private static SharedMemory create(String name, long bytes, int seals) {
        requirePages(bytes);
        MemorySegment state = Native.state();
        int fd;
        try (Arena scratch = Arena.ofConfined()) {
            long flags = Creation.MFD_CLOEXEC | Creation.MFD_ALLOW_SEALING;
            fd = Native.callInt(
                    Creation.MEMFD_CREATE, state, scratch.allocateFrom(name).address(), flags);
            if (fd < 0) {
                throw Native.failure("memfd_create", state);
            }
        }
        SharedMemory memory;
        try {
            if (Native.callInt(Creation.FTRUNCATE, state, fd, bytes) != 0) {
                throw Native.failure("ftruncate", state);
            }
            memory = new SharedMemory(fd, bytes, true, (seals & F_SEAL_FUTURE_WRITE) != 0);
        } catch (HostException e) {
            Descriptors.close(fd);
            throw e;
        }
        try {
            // After the mapping: F_SEAL_FUTURE_WRITE spares the mappings that exist.
            fcntl(fd, F_ADD_SEALS, seals);
            return memory;
        } catch (HostException e) {
            memory.close();
            throw e;
        }
    }

    /** The whole memory, as this process may access it. */
    public MemorySegment segment() {
        return segment;
    }

    /** The descriptor, to be passed to a peer. Stays owned by this object; -1 after {@link #close}. */
    public int fd() {
        return fd.number();
    }

    /** Size in bytes. */
    public long byteSize() {
        return segment.byteSize();
    }

    /**
     * Maps pages once more, next to each other, in the order given: how a ring of several pages that lie scattered in
     * the memory becomes contiguous.
     *
     * @param pages page numbers inside this memory; each is checked
     * @throws IndexOutOfBoundsException if a page lies outside
     * @throws IllegalStateException after {@link #close}
     */
    public synchronized Window window(int... pages) {
        requireOpen();
        for (int page : pages) {
            Objects.checkIndex(Integer.toUnsignedLong(page), byteSize() / PAGE_SIZE);
        }
        return new Window(this, pages.clone());
    }

    /**
     * Gives pages back to the host; they read as zero afterwards and are allocated again on the next write. The system
     * refuses this for guarded memory, so its creator only clears it.
     *
     * @param offset a multiple of the page size
     * @param bytes a multiple of the page size
     * @throws HostException EPERM for guarded memory that somebody else created
     * @throws IllegalStateException after {@link #close}
     */
    public synchronized void release(long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, byteSize());
        if (offset % PAGE_SIZE != 0 || bytes % PAGE_SIZE != 0) {
            throw new IllegalArgumentException(offset + " and " + bytes + " are not both multiples of " + PAGE_SIZE);
        }
        requireOpen();
        if ((guarded && writable) || bytes == 0) {
            segment.asSlice(offset, bytes).fill((byte) 0);
            return;
        }
        MemorySegment state = Native.state();
        if (Native.callInt(Creation.FALLOCATE, state, fd.number(), Creation.PUNCH_HOLE_KEEP_SIZE, offset, bytes) != 0) {
            throw Native.failure("fallocate", state);
        }
    }

    /**
     * Unmaps and closes the descriptor. Windows stay valid until they are closed themselves. Idempotent.
     *
     * @throws IllegalStateException if a native call is using the memory just now; nothing is closed then
     */
    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            retire(arena);
            fd.close();
        }
    }

    private void requireOpen() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("shared memory is closed");
        }
    }

    /** Pages of a {@link SharedMemory}, contiguous. */
    public static final class Window implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment segment;

        private Window(SharedMemory memory, int[] pages) {
            long bytes = (long) pages.length * PAGE_SIZE;
            boolean writable = memory.writable && !memory.guarded;
            int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
            long base = Mapping.map(0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NO_FILE, 0);
            try {
                for (int i = 0; i < pages.length; i++) {
                    long offset = Integer.toUnsignedLong(pages[i]) * PAGE_SIZE;
                    long at = base + (long) i * PAGE_SIZE;
                    // SAFETY: MAP_FIXED replaces a page of the reservation just made, and nothing else.
                    Mapping.map(at, PAGE_SIZE, protection, MAP_SHARED | MAP_FIXED, memory.fd.number(), offset);
                }
            } catch (HostException e) {
                Mapping.unmap(base, bytes);
                throw new HostException(e.call() + " of pages " + Arrays.toString(pages), e.errno());
            }
            this.segment = asSegment(base, bytes, arena, writable);
        }

        /** The pages in the order asked for. */
        public MemorySegment segment() {
            return segment;
        }

        /** Unmaps. An access afterwards throws {@link IllegalStateException}. Idempotent. */
        @Override
        public synchronized void close() {
            if (arena.scope().isAlive()) {
                retire(arena);
            }
        }
    }

    private static void requirePages(long bytes) {
        if (bytes <= 0 || bytes % PAGE_SIZE != 0) {
            throw new IllegalArgumentException("size " + bytes + " is not a positive multiple of " + PAGE_SIZE);
        }
    }

    private static MemorySegment asSegment(long address, long bytes, Arena arena, boolean writable) {
        RetiredMemory.sweep();
        // SAFETY: the range was mapped just before, and stays ours until nobody can reach its segments.
        MemorySegment s = MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, m -> RetiredMemory.retire(arena.scope(), m.address(), bytes));
        return writable ? s : s.asReadOnly();
    }

    /** Closing it throws away the pages; see {@link RetiredMemory} for the addresses. */
    private static void retire(Arena arena) {
        arena.close();
        RetiredMemory.sweep();
    }

    private static int fcntl(int fd, int command, int argument) {
        MemorySegment state = Native.state();
        int result = Native.callInt(FCNTL, state, fd, command, argument);
        if (result < 0) {
            throw Native.failure("fcntl", state);
        }
        return result;
    }
}
