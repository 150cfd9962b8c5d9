// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Private memory that can be written and executed: how a test asks the real processor what an instruction does. Pages
 * next to it on both sides are inaccessible, so that stray accesses of the code fault instead of corrupting the process. It lies below
 * 2 GiB where the system finds room there, so that code may address it with 32 bits.
 *
 * <p>What the code does is the caller's responsibility: it runs in this process with all its rights, and a fault in it
 * ends the process.
 */
public final class ExecutableMemory implements AutoCloseable {
    private static final MethodHandle MMAP = Native.linkWords("mmap");
    private static final MethodHandle MPROTECT = Native.linkWords("mprotect");
    private static final MethodHandle MUNMAP = Native.linkWords("munmap");
    private static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(LONG, LONG));

    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE_EXEC = 7;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    /** Where room is looked for below 2 GiB. */
    private static final long LOW_FROM = 0x1000_0000L;

    private static final long LOW_TO = 0x7000_0000L;
    private static final long LOW_STEP = 0x0400_0000L;

    private static final long GUARD = SharedMemory.PAGE_SIZE;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    /**
     * @param bytes a positive multiple of the page size
     * @throws HostException if the system refuses, as hardened systems do
     */
    public ExecutableMemory(long bytes) {
        if (bytes <= 0 || bytes % SharedMemory.PAGE_SIZE != 0) {
            throw new IllegalArgumentException("size " + bytes + " is not a positive multiple of the page size");
        }
        long whole = bytes + 2 * GUARD;
        MemorySegment state = Native.state();
        long base = reserve(state, whole);
        if (Native.callInt(MPROTECT, state, base + GUARD, bytes, PROT_READ_WRITE_EXEC) != 0) {
            HostException refused = Native.failure("mprotect", state);
            unmap(base, whole);
            throw refused;
        }
        // SAFETY: the range was mapped just before, and is unmapped only by closing the arena.
        this.segment = MemorySegment.ofAddress(base + GUARD).reinterpret(bytes, arena, m -> unmap(base, whole));
    }

    /** The memory: readable, writable, executable. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Calls code in this memory as a C function {@code long f(long)}.
     *
     * @param offset where the function starts; checked
     * @param argument its argument
     * @return its result
     */
    public long call(long offset, long argument) {
        MemorySegment function = segment.asSlice(offset);
        try {
            return (long) CALL.invokeExact(function, argument);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Unmaps. Idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private static long reserve(MemorySegment state, long bytes) {
        int fixed = MAP_PRIVATE_ANONYMOUS | MAP_FIXED_NOREPLACE;
        for (long at = LOW_FROM; at < LOW_TO; at += LOW_STEP) {
            long base = Native.call(MMAP, state, at, bytes, PROT_NONE, fixed, -1, 0);
            if (base != -1) {
                return base;
            }
        }
        long base = Native.call(MMAP, state, 0, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (base == -1) {
            throw Native.failure("mmap", state);
        }
        return base;
    }

    private static void unmap(long address, long bytes) {
        MemorySegment state = Native.state();
        int result = Native.callInt(MUNMAP, state, address, bytes);
        assert result == 0 : Native.errno(state);
    }
}
