// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.memory;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.frontend.FrontendMemory;
import java.lang.foreign.MemorySegment;

/**
 * Guest-physical memory: RAM from frame 0, then the special pages. A guest-physical address is an offset in {@link
 * #segment}. Frames of RAM are handed out zeroed, because whoever gets one may share it with another domain.
 *
 * <p>Thread-safe.
 */
public final class GuestMemory implements FrontendMemory {
    private final MemorySegment segment;
    private final DomainLayout layout;
    private final FrameAllocator frames;

    /**
     * Memory of which the domain has all.
     *
     * @param segment the whole ram memfd
     * @param layout where things lie in it
     */
    public GuestMemory(MemorySegment segment, DomainLayout layout) {
        this(segment, layout, layout.ramPages());
    }

    /**
     * As above, for a domain that may grow.
     *
     * @param populated frames of RAM that it has at first; those above are holes, and count as allocated until {@link
     *     #free} gives them to whoever wants them
     */
    public GuestMemory(MemorySegment segment, DomainLayout layout, int populated) {
        this.segment = segment;
        this.layout = layout;
        this.frames = new FrameAllocator(layout.ramPages(), populated);
    }

    /** All of it, RAM and special pages. */
    @Override
    public MemorySegment segment() {
        return segment;
    }

    /** Where things lie. */
    public DomainLayout layout() {
        return layout;
    }

    /** One frame, of RAM or special. */
    public MemorySegment page(int frame) {
        return pages(frame, 1);
    }

    /** Consecutive frames, of RAM or special. */
    @Override
    public MemorySegment pages(int frame, int count) {
        return segment.asSlice(DomainLayout.bytes(frame), DomainLayout.bytes(count));
    }

    /**
     * A free frame of RAM, zeroed.
     *
     * @throws OutOfGuestMemoryException if there is none
     */
    public int allocate() {
        return allocate(1);
    }

    /**
     * Consecutive free frames of RAM, zeroed.
     *
     * @return the first frame
     * @throws OutOfGuestMemoryException if there are not so many in a row
     */
    @Override
    public int allocate(int count) {
        long found = frames.allocate(count);
        if (found < 0) {
            throw new OutOfGuestMemoryException(count, frames.free());
        }
        int frame = (int) found;
        if (FrameAllocator.isUsed(found)) {
            pages(frame, count).fill((byte) 0);
        }
        return frame;
    }

    /**
     * A free frame of RAM that is to become a hole: its content does not matter, and it is not touched.
     *
     * @throws OutOfGuestMemoryException if there is none
     */
    public int allocateForBalloon() {
        long found = frames.allocate(1);
        if (found < 0) {
            throw new OutOfGuestMemoryException(1, 0);
        }
        return (int) found;
    }

    /**
     * Gives frames back. Nobody may use them any more; a frame that is granted has to be given to {@link
     * io.splitvisor.domu.grant.GrantTable#endAccess(int, int)} instead.
     *
     * @throws IllegalArgumentException if one of them is not allocated
     */
    @Override
    public void free(int frame, int count) {
        frames.free(frame, count);
    }

    /** Frames of RAM that are free. */
    public int freeFrames() {
        return frames.free();
    }

    /** Guest-physical address of a frame. */
    public static long address(int frame) {
        return DomainLayout.bytes(frame);
    }

    /** There are not so many free frames in a row. */
    public static final class OutOfGuestMemoryException extends RuntimeException {
        private static final long serialVersionUID = 1;

        /** So many frames in a row were wanted, and so many are free. */
        public OutOfGuestMemoryException(int wanted, int free) {
            super("no " + wanted + " free frames in a row (" + free + " free in all)");
        }
    }
}
