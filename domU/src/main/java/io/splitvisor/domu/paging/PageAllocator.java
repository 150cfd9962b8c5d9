// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import java.util.Arrays;

/**
 * A buddy allocator: blocks of 2^order frames, aligned to their size, split when smaller ones are wanted and joined with
 * their buddies when freed. Each block that is handed out has a count of users, which starts at 1.
 *
 * <p>Not thread-safe: the memory management's lock covers it.
 */
final class PageAllocator {
    /** There is no block of that order. */
    static final int NONE = -1;

    /** 1 GiB. */
    static final int MAX_ORDER = 18;

    private static final byte IN_BLOCK = -1;
    private static final byte USED = 0x40;

    private final int first;
    private final int count;
    /** Of a block's first frame: its order, with {@link #USED} while handed out; of other frames {@link #IN_BLOCK}. */
    private final byte[] blocks;

    private final int[] users;
    private final int[] next;
    private final int[] previous;
    private final int[] heads = new int[MAX_ORDER + 1];
    private int free;

    /**
     * @param first first frame
     * @param count how many there are; all are free
     */
    PageAllocator(int first, int count) {
        this.first = first;
        this.count = count;
        this.blocks = new byte[count];
        this.users = new int[count];
        this.next = new int[count];
        this.previous = new int[count];
        Arrays.fill(blocks, IN_BLOCK);
        Arrays.fill(heads, NONE);
        for (int frame = first; frame < first + count; ) {
            int order = Math.min(MAX_ORDER, frame == 0 ? MAX_ORDER : Integer.numberOfTrailingZeros(frame));
            while (1 << order > first + count - frame) {
                order--;
            }
            push(frame - first, order);
            frame += 1 << order;
        }
    }

    /** Frames that are free. */
    int free() {
        return free;
    }

    /** All frames. */
    int frames() {
        return count;
    }

    /** A block's first frame, or {@link #NONE}. */
    int allocate(int order) {
        int found = order;
        while (found <= MAX_ORDER && heads[found] == NONE) {
            found++;
        }
        if (found > MAX_ORDER) {
            return NONE;
        }
        int block = heads[found];
        remove(block, found);
        while (found > order) {
            found--;
            push(block + (1 << found), found);
        }
        blocks[block] = (byte) (order | USED);
        users[block] = 1;
        return block + first;
    }

    /** One more user of a block. */
    void share(int frame) {
        users[used(frame)]++;
    }

    /** How many use a block. */
    int users(int frame) {
        return users[used(frame)];
    }

    /**
     * One user less; the last one frees the block.
     *
     * @throws IllegalArgumentException if no block that is in use starts there
     */
    void release(int frame) {
        int block = used(frame);
        if (--users[block] > 0) {
            return;
        }
        int order = blocks[block] & ~USED;
        blocks[block] = IN_BLOCK;
        while (order < MAX_ORDER) {
            int buddy = (block + first ^ 1 << order) - first;
            if (buddy < 0 || buddy + (1 << order) > count || blocks[buddy] != order) {
                break;
            }
            remove(buddy, order);
            block = Math.min(block, buddy);
            order++;
        }
        push(block, order);
    }

    private int used(int frame) {
        int block = frame - first;
        if (block < 0 || block >= count || blocks[block] < 0 || (blocks[block] & USED) == 0) {
            throw new IllegalArgumentException("no block in use starts at frame " + frame);
        }
        return block;
    }

    private void push(int block, int order) {
        blocks[block] = (byte) order;
        next[block] = heads[order];
        previous[block] = NONE;
        if (heads[order] != NONE) {
            previous[heads[order]] = block;
        }
        heads[order] = block;
        free += 1 << order;
    }

    private void remove(int block, int order) {
        if (previous[block] == NONE) {
            heads[order] = next[block];
        } else {
            next[previous[block]] = next[block];
        }
        if (next[block] != NONE) {
            previous[next[block]] = previous[block];
        }
        blocks[block] = IN_BLOCK;
        free -= 1 << order;
    }
}
