// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import java.util.Arrays;

/**
 * Mappings that are kept because the front end uses the same grants again ({@code feature-persistent}), at most so many:
 * where there is no more room, the one that has not been used for the longest time goes. An entry in use never goes.
 *
 * <p>A hash table with linear probing from reference to entry, and a list of the entries that nobody uses, oldest first;
 * all of it in arrays made once.
 */
final class PersistentGrants {
    static final int NONE = -1;

    private final int[] table;
    private final int shift;
    private final int[] refs;
    private final int[] handles;
    private final int[] users;
    private final int[] older;
    private final int[] newer;
    private final int[] free;
    private int freeCount;
    private int oldest = NONE;
    private int newest = NONE;

    PersistentGrants(int capacity) {
        int bits = 32 - Integer.numberOfLeadingZeros(Math.max(1, capacity * 2 - 1));
        this.table = new int[1 << bits];
        this.shift = 32 - bits;
        this.refs = new int[capacity];
        this.handles = new int[capacity];
        this.users = new int[capacity];
        this.older = new int[capacity];
        this.newer = new int[capacity];
        this.free = new int[capacity];
        this.freeCount = capacity;
        Arrays.fill(table, NONE);
        Arrays.setAll(free, i -> capacity - 1 - i);
    }

    /** The entry of a reference, with one user more; {@link #NONE} if there is none. */
    int acquire(int ref) {
        int at = home(ref);
        while (table[at] != NONE) {
            int entry = table[at];
            if (refs[entry] == ref) {
                if (users[entry]++ == 0) {
                    unlink(entry);
                }
                return entry;
            }
            at = next(at);
        }
        return NONE;
    }

    /** Takes one user away from an entry. */
    void release(int entry) {
        if (--users[entry] == 0) {
            older[entry] = newest;
            newer[entry] = NONE;
            if (newest == NONE) {
                oldest = entry;
            } else {
                newer[newest] = entry;
            }
            newest = entry;
        }
    }

    /**
     * Keeps a mapping, with one user.
     *
     * @return its entry; {@link #NONE} if there is no room ({@link #evict} may make some)
     */
    int add(int ref, int handle) {
        if (freeCount == 0) {
            return NONE;
        }
        int entry = free[--freeCount];
        refs[entry] = ref;
        handles[entry] = handle;
        users[entry] = 1;
        int at = home(ref);
        while (table[at] != NONE) {
            at = next(at);
        }
        table[at] = entry;
        return entry;
    }

    /** Forgets the entry that has been out of use for the longest time: its handle, or {@link #NONE} if all are in use. */
    int evict() {
        int entry = oldest;
        if (entry == NONE) {
            return NONE;
        }
        unlink(entry);
        remove(refs[entry]);
        free[freeCount++] = entry;
        return handles[entry];
    }

    boolean isFull() {
        return freeCount == 0;
    }

    int size() {
        return refs.length - freeCount;
    }

    int handle(int entry) {
        return handles[entry];
    }

    private void unlink(int entry) {
        int before = older[entry];
        int after = newer[entry];
        if (before == NONE) {
            oldest = after;
        } else {
            newer[before] = after;
        }
        if (after == NONE) {
            newest = before;
        } else {
            older[after] = before;
        }
    }

    /** Removes a reference and closes the gap, so that probing never has to step over a grave. */
    private void remove(int ref) {
        int gap = home(ref);
        while (refs[table[gap]] != ref) {
            gap = next(gap);
        }
        int at = next(gap);
        while (table[at] != NONE) {
            int home = home(refs[table[at]]);
            // An entry may move back as long as that does not put it before its home.
            int distanceToGap = (gap - home) & (table.length - 1);
            int distanceToHere = (at - home) & (table.length - 1);
            if (distanceToGap < distanceToHere) {
                table[gap] = table[at];
                gap = at;
            }
            at = next(at);
        }
        table[gap] = NONE;
    }

    private int home(int ref) {
        return ref * 0x9E3779B9 >>> shift;
    }

    private int next(int at) {
        return (at + 1) & (table.length - 1);
    }
}
