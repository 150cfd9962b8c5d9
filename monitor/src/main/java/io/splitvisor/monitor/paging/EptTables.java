// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.ExtendedEntry;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.FrameTable;

/**
 * Extended page tables in the pool: from frames to machine pages. An entry is always written by one store, and leads to a
 * table only when that is complete (row T5). What is taken away is followed by a new generation before its page is used
 * otherwise (row T4).
 */
final class EptTables {
    static final int TOP = 4;

    /** The highest level of a leaf: 1 GiB. */
    static final int MOST_LEAF = 3;

    private static final long TABLE = ExtendedEntry.RIGHTS;
    private static final long LEAF = ExtendedEntry.RIGHTS | ExtendedEntry.WRITE_BACK;

    /** What happens to a leaf. */
    @FunctionalInterface
    interface LeafChange {
        /** The new entry for the one at a level. */
        long apply(long entry, int level);
    }

    private final MonitorMemory memory;
    private final TablePool pool;
    private final int root;

    EptTables(MonitorMemory memory, TablePool pool) {
        this.memory = memory;
        this.pool = pool;
        this.root = pool.allocate();
    }

    /** The root's page. */
    int root() {
        return root;
    }

    private static int index(long frame, int level) {
        return (int) (frame >>> PageTableEntry.LEVEL_BITS * (level - 1)) & PageTableEntry.ENTRIES - 1;
    }

    /** Frames that an entry of a level covers. */
    static long span(int level) {
        return 1L << PageTableEntry.LEVEL_BITS * (level - 1);
    }

    static boolean isLeaf(long entry, int level) {
        return level == 1 || (entry & ExtendedEntry.LARGE) != 0;
    }

    /** The lowest level, 1 to 4, at which there is an entry for a frame, present or not. */
    int lowestLevel(long frame) {
        int page = root;
        for (int level = TOP; ; level--) {
            long entry = pool.entry(page, index(frame, level));
            if (!ExtendedEntry.isPresent(entry) || isLeaf(entry, level)) {
                return level;
            }
            page = TablePool.page(entry);
        }
    }

    /** The table of a level for a frame, which is there. */
    int table(long frame, int level) {
        int page = root;
        for (int above = TOP; above > level; above--) {
            page = TablePool.page(pool.entry(page, index(frame, above)));
        }
        return page;
    }

    /** The entry of a level for a frame, whose table is there. */
    long entry(long frame, int level) {
        return pool.entry(table(frame, level), index(frame, level));
    }

    private void entry(long frame, int level, long value) {
        pool.entry(table(frame, level), index(frame, level), value);
    }

    /**
     * Makes tables down to a level, splitting what is larger.
     *
     * @return false if there is no room
     */
    boolean reach(long frame, int level) {
        for (int lowest = lowestLevel(frame); lowest > level; lowest--) {
            int page = pool.allocate();
            if (page == TablePool.NONE) {
                return false;
            }
            long above = entry(frame, lowest);
            if (ExtendedEntry.isPresent(above)) {
                fillFrom(page, above, lowest - 1);
                memory.count(PagingCounter.SPLITS);
            }
            entry(frame, lowest, PageTableEntry.of(page, TABLE));
        }
        return true;
    }

    /** The parts of a large leaf. */
    private void fillFrom(int page, long leaf, int level) {
        long flags = leaf & ~PageTableEntry.FRAME_MASK & ~(level == 1 ? ExtendedEntry.LARGE : 0);
        for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
            pool.entry(page, i, PageTableEntry.of(PageTableEntry.frame(leaf) + i * span(level), flags));
        }
    }

    /** Maps what an entry of a level covers, whose table is there, to machine pages from one on. */
    void map(long frame, int level, long machine, boolean writable) {
        long flags = LEAF | (level > 1 ? ExtendedEntry.LARGE : 0);
        if (!writable) {
            flags &= ~ExtendedEntry.WRITE;
        }
        entry(frame, level, PageTableEntry.of(machine & -span(level), flags));
        memory.count(PagingCounter.FILLS);
    }

    /** Makes a small leaf writable. */
    void allowWrite(long frame) {
        entry(frame, 1, entry(frame, 1) | ExtendedEntry.WRITE);
    }

    /** Takes a frame's leaf away; a large one is split first. False if there is no room for that: then all of it is gone. */
    void unmap(long frame) {
        int level = lowestLevel(frame);
        if (!ExtendedEntry.isPresent(entry(frame, level))) {
            return;
        }
        int reached = reach(frame, 1) ? 1 : lowestLevel(frame);
        entry(frame, reached, 0);
        memory.newGeneration();
    }

    /** Takes the right to write away from a frame. The caller makes a new generation. */
    void protect(long frame) {
        int level = lowestLevel(frame);
        long entry = entry(frame, level);
        if (ExtendedEntry.isPresent(entry)) {
            entry(frame, level, entry & ~ExtendedEntry.WRITE);
        }
    }

    /** Puts one large leaf in the place of a table of small ones that say the same; whether it did. */
    boolean coalesce(long frame) {
        if (lowestLevel(frame) != 1) {
            return false;
        }
        int page = table(frame, 1);
        long first = pool.entry(page, 0);
        boolean aligned = (PageTableEntry.frame(first) & span(2) - 1) == 0;
        for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
            long expected = first + ((long) i << PageTableEntry.PAGE_SHIFT);
            if (!aligned || !ExtendedEntry.isPresent(first) || pool.entry(page, i) != expected) {
                return false;
            }
        }
        entry(frame, 2, first | ExtendedEntry.LARGE);
        memory.newGeneration();
        pool.free(page);
        memory.count(PagingCounter.COALESCES);
        return true;
    }

    /** Changes all leaves. The caller makes a new generation if they are lowered. */
    void forEachLeaf(LeafChange change) {
        forEachLeaf(root, TOP, change);
    }

    private void forEachLeaf(int page, int level, LeafChange change) {
        for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
            long entry = pool.entry(page, i);
            if (!ExtendedEntry.isPresent(entry)) {
                continue;
            }
            if (isLeaf(entry, level)) {
                long changed = change.apply(entry, level);
                if (changed != entry) {
                    pool.entry(page, i, changed);
                }
            } else {
                forEachLeaf(TablePool.page(entry), level - 1, change);
            }
        }
    }

    /**
     * Takes tables away, so many at most; the root stays.
     *
     * @return whether only the root is left
     */
    boolean clear(int most) {
        int left = clear(root, TOP, most);
        return left > 0 || pool.used() == 1;
    }

    private int clear(int page, int level, int most) {
        int left = most;
        for (int i = 0; i < PageTableEntry.ENTRIES && left > 0; i++) {
            long entry = pool.entry(page, i);
            if (!ExtendedEntry.isPresent(entry)) {
                continue;
            }
            if (!isLeaf(entry, level)) {
                left = clear(TablePool.page(entry), level - 1, left);
                if (left <= 0) {
                    return left;
                }
            }
            pool.entry(page, i, 0);
            if (!isLeaf(entry, level)) {
                memory.newGeneration();
                pool.free(TablePool.page(entry));
                left--;
            }
        }
        return left;
    }

    /** Whether an entry on the way to a frame makes no sense. */
    boolean isMisconfigured(long frame) {
        int page = root;
        for (int level = TOP; level >= 1; level--) {
            long entry = pool.entry(page, index(frame, level));
            if (ExtendedEntry.isMisconfigured(entry, level)) {
                return true;
            }
            if (!ExtendedEntry.isPresent(entry) || isLeaf(entry, level)) {
                return false;
            }
            page = TablePool.page(entry);
        }
        return false;
    }

    /** A level of the walk to a frame, for people; null if there is no table. */
    WalkStep step(long frame, int level) {
        if (level < lowestLevel(frame)) {
            return null;
        }
        long entry = entry(frame, level);
        return WalkStep.ofPool("ept", level, table(frame, level), index(frame, level), entry, isLeaf(entry, level));
    }

    /** Whether the machine pages of all frames that an entry of a level covers follow each other, at such a boundary. */
    static boolean isContiguous(FrameTable frames, long frame, int level) {
        long first = frame & -span(level);
        long last = first + span(level);
        if (last <= frames.identity()) {
            return true;
        }
        if (level > 2) {
            return false;
        }
        int machine = frames.machine(first);
        if (machine == FrameTable.NONE || (machine & span(level) - 1) != 0) {
            return false;
        }
        for (long i = 1; i < span(level); i++) {
            if (frames.machine(first + i) != machine + i) {
                return false;
            }
        }
        return true;
    }
}
