// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The shadow tables of a domain: one for each guest table, or large page, that is in use, shared by all address spaces that
 * contain it. An entry that is present is as the guest's tables say; one that is not has to be asked for. Where there is no
 * room, what was not used for longest goes.
 */
final class ShadowTables {
    /** The shadows of one guest frame, by kind. */
    private static final class OfFrame {
        private final Shadow[] byKind = new Shadow[Shadow.Kind.values().length];
        private int count;
        private int tables;

        private void put(Shadow.Kind kind, Shadow shadow) {
            byKind[kind.ordinal()] = shadow;
            int change = shadow == null ? -1 : 1;
            count += change;
            tables += kind.isTable() ? change : 0;
        }
    }

    private final MonitorMemory memory;
    private final TablePool pool;
    private final ReverseMap leading;
    private final Map<Long, OfFrame> frames = new HashMap<>();
    private final Shadow[] byPage;
    private Shadow oldest;
    private Shadow newest;
    private long trap;

    ShadowTables(MonitorMemory memory, TablePool pool) {
        this.memory = memory;
        this.pool = pool;
        this.leading = new ReverseMap(memory.layout().machinePages(), pool);
        this.byPage = new Shadow[pool.capacity()];
    }

    /** A new trap: what it uses stays until the next one. */
    void beginTrap() {
        trap++;
    }

    /** The shadow of a frame; null if there is none. */
    Shadow find(Shadow.Kind kind, long frame) {
        OfFrame of = frames.get(frame);
        return of == null ? null : of.byKind[kind.ordinal()];
    }

    /** Whether a frame is a table whose stores have to be seen: it has a shadow that is in sync. */
    boolean isProtected(long frame) {
        OfFrame of = frames.get(frame);
        if (of == null) {
            return false;
        }
        for (Shadow shadow : of.byKind) {
            if (shadow != null && shadow.kind.isTable() && !shadow.outOfSync) {
                return true;
            }
        }
        return false;
    }

    /** The shadow of a frame if that is a table of level 1 and of no other; or null. */
    Shadow onlyL1(long frame) {
        OfFrame of = frames.get(frame);
        return of != null && of.tables == 1 ? of.byKind[Shadow.Kind.L1.ordinal()] : null;
    }

    /** The shadow with a page. */
    Shadow at(int page) {
        return byPage[page - pool.first()];
    }

    /** All shadows, the oldest first. */
    List<Shadow> all() {
        List<Shadow> all = new ArrayList<>();
        for (Shadow shadow = oldest; shadow != null; shadow = shadow.newer) {
            all.add(shadow);
        }
        return all;
    }

    /** Notes that a shadow is used by this trap. */
    void use(Shadow shadow) {
        shadow.trap = trap;
        if (shadow != newest) {
            unlist(shadow);
            list(shadow);
        }
    }

    /** Makes a shadow. There has to be room. */
    Shadow create(Shadow.Kind kind, long frame) {
        int page = pool.allocate();
        Shadow shadow = new Shadow(kind, frame, page);
        OfFrame of = frames.computeIfAbsent(frame, _ -> new OfFrame());
        of.put(kind, shadow);
        byPage[page - pool.first()] = shadow;
        list(shadow);
        shadow.trap = trap;
        memory.count(PagingCounter.SHADOWS_MADE);
        return shadow;
    }

    /** The shadow that was not used for longest, and is neither a root nor used by this trap; null if there is none. */
    Shadow victim() {
        Shadow shadow = oldest;
        while (shadow != null && (shadow.roots > 0 || shadow.trap == trap)) {
            shadow = shadow.newer;
        }
        return shadow;
    }

    /** Throws one away to make room. */
    void evict(Shadow shadow) {
        remove(shadow);
        memory.count(PagingCounter.EVICTIONS);
    }

    /** Throws a shadow away, which is no root: whatever leads to it does not any more, and MMUs forget it. */
    void remove(Shadow shadow) {
        int target = leading.table(shadow.page);
        for (int place = leading.first(target); place != ReverseMap.NONE; place = leading.first(target)) {
            set(at(leading.pageOf(place)), ReverseMap.indexOf(place), 0);
        }
        for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
            set(shadow, i, 0);
        }
        memory.newGeneration();
        OfFrame of = frames.get(shadow.frame);
        of.put(shadow.kind, null);
        if (of.count == 0) {
            frames.remove(shadow.frame);
        }
        byPage[shadow.page - pool.first()] = null;
        unlist(shadow);
        pool.free(shadow.page);
    }

    long entry(Shadow shadow, int i) {
        return pool.entry(shadow.page, i);
    }

    /** Writes an entry, and keeps track of what leads where. */
    void set(Shadow shadow, int i, long value) {
        long before = pool.entry(shadow.page, i);
        if (before == value) {
            return;
        }
        int place = leading.place(shadow.page, i);
        if (PageTableEntry.isPresent(before)) {
            leading.remove(target(shadow, before), place);
        }
        pool.entry(shadow.page, i, value);
        if (PageTableEntry.isPresent(value)) {
            leading.add(target(shadow, value), place);
        }
    }

    private int target(Shadow shadow, long entry) {
        long frame = PageTableEntry.frame(entry);
        return shadow.kind.level == 1 ? leading.page(frame) : leading.table((int) frame);
    }

    /** The shadow that an entry leads to; null for none. */
    Shadow child(Shadow shadow, int i) {
        long entry = entry(shadow, i);
        return PageTableEntry.isPresent(entry) ? at(TablePool.page(entry)) : null;
    }

    /** Takes the right to write to a machine page away from every mapping. */
    void protect(int machine) {
        boolean lowered = false;
        int place = leading.first(leading.page(machine));
        for (; place != ReverseMap.NONE; place = leading.next(place)) {
            int page = leading.pageOf(place);
            long entry = pool.entry(page, ReverseMap.indexOf(place));
            if ((entry & PageTableEntry.WRITABLE) != 0) {
                pool.entry(page, ReverseMap.indexOf(place), entry & ~PageTableEntry.WRITABLE);
                lowered = true;
            }
        }
        if (lowered) {
            memory.newGeneration();
        }
    }

    /** Takes every mapping of a machine page away. */
    void unmap(int machine) {
        int target = leading.page(machine);
        boolean any = leading.first(target) != ReverseMap.NONE;
        for (int place = leading.first(target); place != ReverseMap.NONE; place = leading.first(target)) {
            set(at(leading.pageOf(place)), ReverseMap.indexOf(place), 0);
        }
        if (any) {
            memory.newGeneration();
        }
    }

    /** Entries that lead to a machine page, for tests. */
    int mappings(int machine) {
        int count = 0;
        int place = leading.first(leading.page(machine));
        for (; place != ReverseMap.NONE; place = leading.next(place)) {
            count++;
        }
        return count;
    }

    private void list(Shadow shadow) {
        shadow.older = newest;
        shadow.newer = null;
        if (newest == null) {
            oldest = shadow;
        } else {
            newest.newer = shadow;
        }
        newest = shadow;
    }

    private void unlist(Shadow shadow) {
        if (shadow.older == null) {
            oldest = shadow.newer;
        } else {
            shadow.older.newer = shadow.newer;
        }
        if (shadow.newer == null) {
            newest = shadow.older;
        } else {
            shadow.newer.older = shadow.older;
        }
    }
}
