// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.memory;

/**
 * Which frames of RAM are free: a bit each, searched from where the last search ended. Frame 0 is never handed out, so
 * that an address of 0 means none.
 */
final class FrameAllocator {
    static final long NONE = -1;
    private static final long USED = 1L << 32;

    private final int frames;
    private final long[] taken;
    private final long[] used;
    private int next = 1;
    private int free;

    FrameAllocator(int frames) {
        this(frames, frames);
    }

    /**
     * @param frames all frames
     * @param populated those that there are at first; the others count as taken until somebody frees them
     */
    FrameAllocator(int frames, int populated) {
        this.frames = frames;
        this.taken = new long[(frames + 63) >>> 6];
        this.used = new long[taken.length];
        this.free = populated - 1;
        set(taken, 0);
        for (int frame = populated; frame < frames; frame++) {
            set(taken, frame);
        }
    }

    synchronized int free() {
        return free;
    }

    /** Whether an answer of {@link #allocate} contains frames that somebody had before. */
    static boolean isUsed(long answer) {
        return (answer & USED) != 0;
    }

    /** The first of so many free frames in a row, in the low 32 bits; or {@link #NONE}. */
    synchronized long allocate(int count) {
        if (count <= 0) {
            throw new IllegalArgumentException(count + " frames");
        }
        int found = count > free ? -1 : search(next, frames, count);
        if (found < 0 && count <= free) {
            found = search(1, Math.min((long) next + count, frames), count);
        }
        if (found < 0) {
            return NONE;
        }
        boolean reused = false;
        for (int frame = found; frame < found + count; frame++) {
            reused |= get(used, frame);
            set(taken, frame);
            set(used, frame);
        }
        free -= count;
        next = found + count;
        return found | (reused ? USED : 0);
    }

    private int search(int from, long end, int count) {
        int run = 0;
        for (int frame = from; frame < end; frame++) {
            if (run == 0 && (frame & 63) == 0 && taken[frame >>> 6] == -1) {
                frame += 63;
            } else if (get(taken, frame)) {
                run = 0;
            } else if (++run == count) {
                return frame - count + 1;
            }
        }
        return -1;
    }

    synchronized void free(int first, int count) {
        if (first <= 0 || count <= 0 || count > frames - first) {
            throw new IllegalArgumentException("frames " + first + " and " + count + " on are not in RAM");
        }
        for (int frame = first; frame < first + count; frame++) {
            if (!get(taken, frame)) {
                throw new IllegalArgumentException("frame " + frame + " is free already");
            }
        }
        for (int frame = first; frame < first + count; frame++) {
            taken[frame >>> 6] &= ~(1L << frame);
        }
        free += count;
    }

    private static boolean get(long[] bits, int index) {
        return (bits[index >>> 6] >>> index & 1) != 0;
    }

    private static void set(long[] bits, int index) {
        bits[index >>> 6] |= 1L << index;
    }
}
