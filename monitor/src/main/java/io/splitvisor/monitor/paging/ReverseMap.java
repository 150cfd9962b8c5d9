// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import java.util.Arrays;

/**
 * Which entries of the pool lead to a page: to a machine page, or to another table. A place is an entry's number in the pool;
 * places that lead to one page are linked with each other in both directions, so that taking one away never takes a search.
 */
final class ReverseMap {
    /** No place. */
    static final int NONE = -1;

    private static final int PART = 1 << 10;

    private final int machinePages;
    private final int firstTable;
    private int[][] heads = {};
    private final int[][] next;
    private final int[][] previous;

    ReverseMap(int machinePages, TablePool pool) {
        this.machinePages = machinePages;
        this.firstTable = pool.first();
        this.next = new int[pool.capacity()][];
        this.previous = new int[pool.capacity()][];
    }

    /** The target that stands for a machine page. */
    int page(long machine) {
        return (int) machine;
    }

    /** The target that stands for a table. */
    int table(int page) {
        return machinePages + page - firstTable;
    }

    /** The place of an entry. */
    int place(int page, int index) {
        return (page - firstTable) * PageTableEntry.ENTRIES + index;
    }

    /** The page of a place. */
    int pageOf(int place) {
        return place / PageTableEntry.ENTRIES + firstTable;
    }

    /** The index of a place. */
    static int indexOf(int place) {
        return place % PageTableEntry.ENTRIES;
    }

    /** The first place that leads to a target. */
    int first(int target) {
        int part = target / PART;
        return part < heads.length && heads[part] != null ? heads[part][target % PART] : NONE;
    }

    /** The place after one. */
    int next(int place) {
        return next[place / PageTableEntry.ENTRIES][place % PageTableEntry.ENTRIES];
    }

    void add(int target, int place) {
        int table = place / PageTableEntry.ENTRIES;
        if (next[table] == null) {
            next[table] = new int[PageTableEntry.ENTRIES];
            previous[table] = new int[PageTableEntry.ENTRIES];
        }
        int head = first(target);
        link(place, head);
        setPrevious(place, NONE);
        if (head != NONE) {
            setPrevious(head, place);
        }
        head(target, place);
    }

    void remove(int target, int place) {
        int before = previous[place / PageTableEntry.ENTRIES][place % PageTableEntry.ENTRIES];
        int after = next(place);
        if (after != NONE) {
            setPrevious(after, before);
        }
        if (before == NONE) {
            head(target, after);
        } else {
            link(before, after);
        }
    }

    private void link(int place, int after) {
        next[place / PageTableEntry.ENTRIES][place % PageTableEntry.ENTRIES] = after;
    }

    private void setPrevious(int place, int before) {
        previous[place / PageTableEntry.ENTRIES][place % PageTableEntry.ENTRIES] = before;
    }

    private void head(int target, int place) {
        int part = target / PART;
        if (part >= heads.length) {
            heads = Arrays.copyOf(heads, Math.max(part + 1, heads.length * 2));
        }
        if (heads[part] == null) {
            heads[part] = new int[PART];
            Arrays.fill(heads[part], NONE);
        }
        heads[part][target % PART] = place;
    }
}
