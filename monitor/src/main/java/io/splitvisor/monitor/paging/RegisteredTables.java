// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameType;
import io.splitvisor.monitor.memory.FrameTypes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;

/**
 * The tables that a guest has registered: copies of its pages in the pool, entry for entry valid, and every reference
 * counted. All with the lock of the frames held.
 *
 * <p>Who uses a table (a root, a pin, an entry of the level above) holds a reference to the page and one to its type. A
 * table itself holds one more reference to its page for as long as there is a copy, also while it is partial: that is, while
 * its validation, or the undoing of it, is interrupted. A partial table is continued by whoever wants it next, or stands in a
 * queue and is undone, so that nobody has to come back for it (rows M16, M21).
 */
final class RegisteredTables {
    /** Answer of a validation that was interrupted: to be called again. No errno is so low. */
    static final int RESTART = Integer.MIN_VALUE;

    /** A table costs so many simple calls. */
    private static final int TABLE_COST = 8;

    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();
    private static final long ACCESSED_DIRTY = PageTableEntry.ACCESSED | PageTableEntry.DIRTY;

    private final FrameTable frames;
    private final FrameTypes types;
    private final MonitorMemory memory;
    private final TablePool pool;
    private final DescriptorTables descriptors;
    private final MemorySegment ram;
    private final TableIndex index = new TableIndex();
    private final ArrayDeque<RegisteredTable> leaving = new ArrayDeque<>();
    private volatile boolean unsettled;

    RegisteredTables(FrameTable frames, MonitorMemory memory, TablePool pool, DescriptorTables descriptors) {
        this.descriptors = descriptors;
        this.frames = frames;
        this.types = frames.types();
        this.memory = memory;
        this.pool = pool;
        this.ram = frames.memory();
    }

    /** All tables. */
    TableIndex index() {
        return index;
    }

    /** The table that a page is; null if it is none that is valid. */
    RegisteredTable valid(int machine) {
        RegisteredTable table = index.get(machine);
        return table != null && types.isValidated(machine) ? table : null;
    }

    /**
     * Takes a reference to a page as a table of a level, and validates it if it is not one yet.
     *
     * @param machine any number
     * @return 0; a negative errno, then nothing is held; or {@link #RESTART}, then the table is partial
     */
    int get(long machine, int level, Slice slice) {
        if (!frames.get(machine)) {
            return -XenErrno.EINVAL;
        }
        int result = getType((int) machine, level, slice);
        if (result != 0) {
            frames.put((int) machine);
        }
        return result;
    }

    private int getType(int machine, int level, Slice slice) {
        FrameTypes.Acquired acquired = types.acquire(machine, FrameType.table(level));
        return switch (acquired) {
            case REFUSED -> -XenErrno.EINVAL;
            case VALIDATED -> 0;
            case RESUMED -> validate(index.get(machine), slice);
            case FRESH, WAS_WRITABLE -> {
                if (acquired == FrameTypes.Acquired.WAS_WRITABLE) {
                    memory.newGeneration();
                }
                yield create(machine, level, slice);
            }
        };
    }

    private int create(int machine, int level, Slice slice) {
        boolean held = frames.get(machine);
        int page = held ? pool.allocate() : TablePool.NONE;
        if (page == TablePool.NONE) {
            types.finish(machine);
            if (held) {
                frames.put(machine);
            }
            return held ? -XenErrno.ENOMEM : -XenErrno.EINVAL;
        }
        pool.owner(page, machine);
        RegisteredTable table = new RegisteredTable(machine, level, page);
        index.add(table);
        return validate(table, slice);
    }

    /** Gives a reference back. With the last one the table's validation is undone, when {@link #settle} comes to it. */
    void put(int machine) {
        if (types.release(machine)) {
            leave(index.get(machine));
        }
        frames.put(machine);
    }

    /** A table that somebody waited for, and does not any more: it is undone if nobody else went on with it. */
    void abandon(int machine) {
        if (machine != FrameTable.NONE && types.isPartial(machine)) {
            leave(index.get(machine));
        }
    }

    private void leave(RegisteredTable table) {
        if (!table.leaving) {
            table.leaving = true;
            leaving.add(table);
            unsettled = true;
        }
    }

    private int validate(RegisteredTable table, Slice slice) {
        // What stands in the queue is looked at again when its turn comes.
        table.leaving = false;
        int first = table.validated;
        int awaited = table.awaited;
        table.awaited = FrameTable.NONE;
        slice.spend(TABLE_COST);
        for (int i = first; i < PageTableEntry.ENTRIES; i++) {
            if (table.level > 1 && i > first && slice.preempt()) {
                return interrupt(table, i, FrameTable.NONE);
            }
            long entry = guestEntry(table, i);
            int result = enter(table, i, entry, slice);
            if (result == RESTART) {
                int child = (int) PageTableEntry.frame(entry);
                if (awaited != child) {
                    abandon(awaited);
                }
                return interrupt(table, i, child);
            }
            if (i == first) {
                abandon(awaited);
            }
            if (result < 0) {
                interrupt(table, i, FrameTable.NONE);
                leave(table);
                return result;
            }
        }
        table.validated = PageTableEntry.ENTRIES;
        types.validated(table.machine);
        memory.count(PagingCounter.VALIDATIONS);
        return 0;
    }

    private int interrupt(RegisteredTable table, int at, int awaited) {
        table.validated = at;
        table.awaited = awaited;
        types.partial(table.machine);
        return RESTART;
    }

    /** Validates an entry, and puts it into the copy. */
    private int enter(RegisteredTable table, int i, long entry, Slice slice) {
        if (EntryRules.isReserved(table.level, i)) {
            return 0;
        }
        if (!PageTableEntry.isPresent(entry)) {
            pool.entry(table.page, i, entry);
            return 0;
        }
        int result = hold(table, entry, slice);
        if (result == 0) {
            pool.entry(table.page, i, translated(table.level, entry));
        }
        return result;
    }

    /** Checks an entry of a table that is present, and takes the references that it stands for. */
    int hold(RegisteredTable table, long entry, Slice slice) {
        int result = EntryRules.checkFlags(entry, table.level);
        if (result != 0) {
            return result;
        }
        long machine = PageTableEntry.frame(entry);
        if (table.level == 1) {
            return holdPage(machine, entry);
        }
        result = get(machine, table.level - 1, slice);
        return result == -XenErrno.EINVAL && holdLinear(table, machine, entry) ? 0 : result;
    }

    /**
     * A linear mapping: an entry that leads to a table of its own table's level, so that the guest can read its tables where
     * they are mapped. As {@code get_l2_linear_pagetable} and its like have it: only for reading; itself, which holds nothing,
     * or a valid table, one deep (rows M7, M8; XSA-240).
     */
    private boolean holdLinear(RegisteredTable table, long machine, long entry) {
        if ((entry & PageTableEntry.WRITABLE) != 0) {
            return false;
        }
        if (machine == table.machine) {
            return true;
        }
        if (!frames.get(machine)) {
            return false;
        }
        RegisteredTable used = valid((int) machine);
        boolean fits = used != null && used.level == table.level && table.mayShow(used);
        if (!fits || types.acquire(used.machine, FrameType.table(used.level)) != FrameTypes.Acquired.VALIDATED) {
            frames.put((int) machine);
            return false;
        }
        table.show(used, 1);
        return true;
    }

    /** The order of checks, and the errors, are those of {@code get_page_from_l1e} (rows M2, M3, M4). */
    private int holdPage(long machine, long entry) {
        if (!frames.isPage(machine)) {
            return machine == FrameTable.INVALID ? -XenErrno.EINVAL : -XenErrno.EPERM;
        }
        if (!frames.get(machine)) {
            return -XenErrno.EBUSY;
        }
        if ((entry & PageTableEntry.WRITABLE) != 0 && !types.getWritable((int) machine)) {
            frames.put((int) machine);
            return -XenErrno.EBUSY;
        }
        return 0;
    }

    /** An entry as it stands in a copy: above level 1 it leads to a copy. The references are held. */
    private long translated(int level, long entry) {
        if (level == 1) {
            return entry;
        }
        int child = index.get((int) PageTableEntry.frame(entry)).page;
        return PageTableEntry.of(child, entry & ~PageTableEntry.FRAME_MASK | PageTableEntry.LEADS_TO_COPY);
    }

    /** An entry of a copy as the guest wrote it, but for accessed and dirty bits. */
    long original(RegisteredTable table, int i) {
        long entry = pool.entry(table.page, i);
        if (table.level == 1 || !PageTableEntry.isPresent(entry)) {
            return entry;
        }
        long flags = entry & ~(PageTableEntry.FRAME_MASK | PageTableEntry.LEADS_TO_COPY);
        return PageTableEntry.of(pool.owner(TablePool.page(entry)), flags);
    }

    /** Gives back what an entry of a table, as the guest wrote it, holds. */
    void release(RegisteredTable table, long entry) {
        if (!PageTableEntry.isPresent(entry)) {
            return;
        }
        int machine = (int) PageTableEntry.frame(entry);
        if (table.level > 1) {
            if (machine != table.machine) {
                RegisteredTable used = index.get(machine);
                if (used.level == table.level) {
                    table.show(used, -1);
                }
                put(machine);
            }
            return;
        }
        if ((entry & PageTableEntry.WRITABLE) != 0) {
            types.putWritable(machine);
        } else {
            descriptors.unmapped(machine);
        }
        frames.put(machine);
    }

    /**
     * Writes an entry of level 1 that leads to the same page as before. Its reference to the page stays; only the one of
     * those who write may come or go.
     *
     * @return false if the page cannot be written to; then nothing has changed
     */
    boolean changeRights(RegisteredTable table, int i, long before, long entry, boolean keepBits) {
        int machine = (int) PageTableEntry.frame(entry);
        boolean wrote = (before & PageTableEntry.WRITABLE) != 0;
        boolean writes = (entry & PageTableEntry.WRITABLE) != 0;
        if (writes && !wrote && !types.getWritable(machine)) {
            return false;
        }
        write(table, i, entry, keepBits);
        if (wrote && !writes) {
            types.putWritable(machine);
        }
        return true;
    }

    /** Writes an entry whose references are held, into the copy and into the guest's page. */
    void write(RegisteredTable table, int i, long entry, boolean keepBits) {
        long written = PageTableEntry.isPresent(entry) ? translated(table.level, entry) : entry;
        pool.entry(table.page, i, written);
        long at = DomainLayout.bytes(table.machine) + (long) i * Long.BYTES;
        if (!keepBits) {
            ENTRY.setRelease(ram, at, entry);
            return;
        }
        long before;
        do {
            before = (long) ENTRY.getVolatile(ram, at);
        } while (!ENTRY.compareAndSet(ram, at, before, entry | before & ACCESSED_DIRTY));
    }

    private long guestEntry(RegisteredTable table, int i) {
        return (long) ENTRY.getVolatile(ram, DomainLayout.bytes(table.machine) + (long) i * Long.BYTES);
    }

    /**
     * Undoes tables that nobody uses any more.
     *
     * @return false if others should have their turn first
     */
    boolean settle(Slice slice) {
        while (!leaving.isEmpty()) {
            RegisteredTable table = leaving.peek();
            // It may have been taken up again meanwhile, or undone and made anew.
            if (table.leaving && index.get(table.machine) == table) {
                if (slice.preempt()) {
                    return false;
                }
                undo(table);
                slice.spend(TABLE_COST);
            }
            leaving.poll();
        }
        unsettled = false;
        return true;
    }

    /** Whether no table waits for {@link #settle}. Needs no lock: what the asking thread itself let go of it sees. */
    boolean isSettled() {
        return !unsettled;
    }

    private void undo(RegisteredTable table) {
        for (int i = table.validated - 1; i >= 0; i--) {
            if (!EntryRules.isReserved(table.level, i)) {
                release(table, original(table, i));
            }
        }
        abandon(table.awaited);
        table.leaving = false;
        index.remove(table);
        types.finish(table.machine);
        memory.newGeneration();
        pool.free(table.page);
        memory.count(PagingCounter.INVALIDATIONS);
        frames.put(table.machine);
    }
}
