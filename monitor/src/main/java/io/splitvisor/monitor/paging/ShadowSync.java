// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.FrameTable;
import java.util.ArrayList;
import java.util.List;

/**
 * What a shadow's entry has to be, and how shadows follow the guest's tables. A table of level 1 may be out of sync: the guest
 * writes to it without a trap, and the shadow is brought up to date when the guest invalidates a translation. Architecturally
 * that is a TLB that holds on to what it knows.
 */
final class ShadowSync {
    /** Tables out of sync at a time; with one more, the one that has been so for longest is protected again. */
    private static final int MOST_OUT_OF_SYNC = 64;

    /** A table that did not change between so many synchronizations is protected again. */
    private static final int QUIET = 4;

    /** Flags that a shadow takes from a guest's entry, for what lies below it. */
    private static final long RIGHTS = PageTableEntry.WRITABLE | PageTableEntry.USER | PageTableEntry.NO_EXECUTE;

    private static final long USED = PageTableEntry.PRESENT | PageTableEntry.ACCESSED;

    private final FrameTable frames;
    private final MonitorMemory memory;
    private final ShadowTables shadows;
    private final GuestWalk guest;
    private final DirtyLog log;
    private final List<Shadow> outOfSync = new ArrayList<>();

    ShadowSync(FrameTable frames, MonitorMemory memory, ShadowTables shadows, GuestWalk guest, DirtyLog log) {
        this.frames = frames;
        this.memory = memory;
        this.shadows = shadows;
        this.guest = guest;
        this.log = log;
    }

    /** The entry of a shadow that leads to another, for a guest's entry that is in use. */
    static long link(long guestEntry, int level, Shadow child) {
        long flags = guestEntry & RIGHTS | USED;
        boolean leaf = GuestWalk.isLeaf(guestEntry, level);
        boolean clean = leaf && (guestEntry & PageTableEntry.DIRTY) == 0;
        flags |= leaf ? PageTableEntry.LARGE_BELOW : 0;
        return PageTableEntry.of(child.page, clean ? flags & ~PageTableEntry.WRITABLE : flags);
    }

    /** The entry of a shadow of level 1 for a guest's entry; 0 if the guest has not used it yet, or it leads nowhere. */
    long leaf(long guestEntry, Controls controls) {
        if (!GuestWalk.isUsed(guestEntry, 1, controls)) {
            return 0;
        }
        long flags = guestEntry & (RIGHTS | PageTableEntry.GLOBAL | PageTableEntry.DIRTY) | USED;
        if ((guestEntry & PageTableEntry.DIRTY) == 0) {
            flags &= ~PageTableEntry.WRITABLE;
        }
        return toPage(PageTableEntry.frame(guestEntry), flags);
    }

    /** The entry for a small page within a large one: its rights stand in the entry above. */
    long part(long frame) {
        return toPage(frame, USED | PageTableEntry.DIRTY | PageTableEntry.WRITABLE | PageTableEntry.USER);
    }

    private long toPage(long frame, long flags) {
        int machine = frames.machine(frame);
        if (machine == FrameTable.NONE) {
            return 0;
        }
        boolean mayWrite = !shadows.isProtected(frame) && log.mayBeWritable(frame);
        return PageTableEntry.of(machine, mayWrite ? flags : flags & ~PageTableEntry.WRITABLE);
    }

    /** Makes an entry what the guest's table says, or nothing; false if it was so already. */
    boolean refresh(Shadow shadow, int i, Controls controls) {
        long now = shadows.entry(shadow, i);
        if (!PageTableEntry.isPresent(now)) {
            return false;
        }
        long wanted = wanted(shadow, i, controls);
        if (wanted == now) {
            return false;
        }
        if (wanted != 0 && shadow.kind != Shadow.Kind.L1) {
            long entry = guest.read(shadow.frame, i);
            int level = shadow.kind.level;
            Shadow child = shadows.find(childKind(entry, level), childFrame(entry, level));
            if (child != null) {
                beforeLink(child, controls);
            }
        }
        shadows.set(shadow, i, wanted);
        return true;
    }

    /**
     * A shadow is about to be reached by a new way, which no invalidation has named: what it holds of the time before has to
     * be true. So a table may be emptied, unlinked, and linked elsewhere, without a flush of what it maps there.
     */
    void beforeLink(Shadow shadow, Controls controls) {
        if (shadow.outOfSync) {
            synchronize(shadow, controls);
        }
    }

    /** What the entry of a table's shadow may be at most, if it is not 0. */
    long wanted(Shadow shadow, int i, Controls controls) {
        long entry = guest.read(shadow.frame, i);
        return shadow.kind == Shadow.Kind.L1 ? leaf(entry, controls) : upper(shadow, entry, controls);
    }

    private long upper(Shadow shadow, long entry, Controls controls) {
        int level = shadow.kind.level;
        if (!GuestWalk.isUsed(entry, level, controls)) {
            return 0;
        }
        Shadow child = shadows.find(childKind(entry, level), childFrame(entry, level));
        return child == null ? 0 : link(entry, level, child);
    }

    /** What kind of shadow belongs below a guest's entry. */
    static Shadow.Kind childKind(long entry, int level) {
        if (!GuestWalk.isLeaf(entry, level)) {
            return Shadow.Kind.table(level - 1);
        }
        return level == 2 ? Shadow.Kind.SPLIT_2M : Shadow.Kind.SPLIT_1G;
    }

    /** And of which frame: a large page's entry may have another bit among those of the address. */
    static long childFrame(long entry, int level) {
        long within = GuestWalk.isLeaf(entry, level) ? (1L << PageTableEntry.LEVEL_BITS * (level - 1)) - 1 : 0;
        return PageTableEntry.frame(entry) & ~within;
    }

    /** Lets the guest write to a table from now on; false if it is more than one of level 1. */
    boolean release(long frame, Controls controls) {
        Shadow shadow = shadows.onlyL1(frame);
        if (shadow == null) {
            return false;
        }
        if (!shadow.outOfSync) {
            if (outOfSync.size() == MOST_OUT_OF_SYNC) {
                protect(outOfSync.removeFirst(), controls);
            }
            shadow.outOfSync = true;
            shadow.quiet = 0;
            outOfSync.add(shadow);
            memory.count(PagingCounter.UNSYNCS);
        }
        return true;
    }

    /** A shadow is being thrown away. */
    void forget(Shadow shadow) {
        if (shadow.outOfSync) {
            outOfSync.remove(shadow);
        }
    }

    /** A frame becomes a table of another level, too: it cannot be out of sync any more. */
    void protect(long frame, Controls controls) {
        Shadow shadow = shadows.find(Shadow.Kind.L1, frame);
        if (shadow != null && shadow.outOfSync) {
            outOfSync.remove(shadow);
            protect(shadow, controls);
        }
        int machine = frames.machine(frame);
        if (machine != FrameTable.NONE) {
            shadows.protect(machine);
        }
    }

    /** Tables are protected first and looked at then: no store falls in between. */
    private void protect(Shadow shadow, Controls controls) {
        shadow.outOfSync = false;
        int machine = frames.machine(shadow.frame);
        if (machine != FrameTable.NONE) {
            shadows.protect(machine);
        }
        synchronize(shadow, controls);
    }

    private boolean synchronize(Shadow shadow, Controls controls) {
        boolean changed = false;
        for (int i = 0; i < PageTableEntry.ENTRIES; i++) {
            changed |= refresh(shadow, i, controls);
        }
        memory.count(PagingCounter.RESYNCS);
        return changed;
    }

    /** Brings everything into sync. Tables that the guest goes on changing stay open to it. */
    void synchronizeAll(Controls controls) {
        for (int i = 0; i < outOfSync.size(); ) {
            Shadow shadow = outOfSync.get(i);
            shadow.quiet = synchronize(shadow, controls) ? 0 : shadow.quiet + 1;
            if (shadow.quiet < QUIET) {
                i++;
            } else {
                outOfSync.remove(i);
                protect(shadow, controls);
            }
        }
    }
}
