// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The guest-physical memory of a domain: its RAM, and the special pages behind it. All frame numbers that a guest gives
 * go through {@link #machineOffset}; it is the identity as long as guests move no pages.
 *
 * <p>The memory's size is sealed, so that nothing the guest does makes an access fault; its content may change between
 * any two reads.
 */
public final class GuestMemory {
    /** What {@link #machineOffset} answers for a frame that the domain does not have. */
    public static final long NOT_MEMORY = -1;

    private final SharedMemory memory;
    private final DomainLayout layout;

    /** How often each frame is pinned; frames that are not pinned are missing. */
    private final ConcurrentHashMap<Long, Integer> pins = new ConcurrentHashMap<>();

    /** The memory has to be as large as the layout says. */
    public GuestMemory(SharedMemory memory, DomainLayout layout) {
        if (memory.byteSize() != layout.totalBytes()) {
            throw new IllegalArgumentException("memory of " + memory.byteSize() + " bytes for " + layout);
        }
        this.memory = memory;
        this.layout = layout;
    }

    /** Where things lie. */
    public DomainLayout layout() {
        return layout;
    }

    /** The bytes; offsets are guest-physical addresses. */
    public MemorySegment segment() {
        return memory.segment();
    }

    /** The shared memory itself, for windows. */
    public SharedMemory shared() {
        return memory;
    }

    /** Offset in {@link #segment} of a frame of RAM that the guest names, any 64 bits; or {@link #NOT_MEMORY}. */
    public long machineOffset(long frame) {
        return frame >= 0 && frame < layout.ramPages() ? frame * DomainLayout.PAGE_SIZE : NOT_MEMORY;
    }

    /**
     * Keeps a frame where it is, because the monitor goes on using it: it can be neither moved nor given back until it is
     * {@link #unpin unpinned} as often.
     *
     * @return its offset; or {@link #NOT_MEMORY}, and nothing is pinned
     */
    public long pin(long frame) {
        long offset = machineOffset(frame);
        if (offset != NOT_MEMORY) {
            pins.merge(frame, 1, Integer::sum);
        }
        return offset;
    }

    /** Undoes one {@link #pin}. */
    public void unpin(long frame) {
        pins.computeIfPresent(frame, (_, count) -> count == 1 ? null : count - 1);
    }

    /** Whether the guest may not move a frame or give it back. */
    public boolean isPinned(long frame) {
        return pins.containsKey(frame);
    }

    /** Whether an argument of a hypercall lies in RAM altogether; the address is the guest's, any 64 bits. */
    public boolean isAccessible(long address, long bytes) {
        long ram = DomainLayout.bytes(layout.ramPages());
        return address >= 0 && bytes >= 0 && bytes <= ram && address <= ram - bytes;
    }

    /**
     * Copies an argument in, once.
     *
     * @param address guest-physical, any 64 bits
     * @param to private memory, written from its start
     * @return false if some of it lies outside the guest's RAM; then nothing was read
     */
    public boolean copyFrom(long address, MemorySegment to, long bytes) {
        if (!isAccessible(address, bytes)) {
            return false;
        }
        MemorySegment.copy(segment(), address, to, 0, bytes);
        return true;
    }

    /** Copies an answer out; as {@link #copyFrom}. */
    public boolean copyTo(long address, MemorySegment from, long bytes) {
        if (!isAccessible(address, bytes)) {
            return false;
        }
        MemorySegment.copy(from, 0, segment(), address, bytes);
        return true;
    }

    /** The page of a special frame. */
    public MemorySegment page(int frame) {
        return pages(frame, 1);
    }

    /** Consecutive special pages. */
    public MemorySegment pages(int frame, int count) {
        return segment().asSlice(DomainLayout.bytes(frame), DomainLayout.bytes(count));
    }
}
