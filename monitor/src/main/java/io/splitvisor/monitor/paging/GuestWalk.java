// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.ACCESSED;
import static io.splitvisor.abi.paging.PageTableEntry.DIRTY;
import static io.splitvisor.abi.paging.PageTableEntry.LARGE;
import static io.splitvisor.abi.paging.PageTableEntry.NO_EXECUTE;
import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.abi.paging.PageTableEntry.WRITABLE;

import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.FrameTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A walk of the guest's own tables in its RAM, with everything that the architecture demands: rights, reserved bits, error
 * codes, accessed and dirty bits. Used again and again; each entry is read once. With the lock of the frames held.
 */
final class GuestWalk {
    /** Result: the access is allowed. */
    static final int OK = 0;

    /** Result: allowed only because CR0.WP is 0: the entries say that the page is read-only. */
    static final int ONLY_WITHOUT_WP = -1;

    /** Result: a table lies in a frame without a page. */
    static final int NOTHING = -2;

    private static final int TOP = 4;
    private static final int ERROR_PRESENT = 1;
    private static final int ERROR_RESERVED = 8;
    private static final long BEYOND_WIDTH = PageTableEntry.FRAME_MASK & -(1L << MonitorLayout.PHYSICAL_BITS);
    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();

    private final FrameTable frames;
    private final DirtyLog log;
    private final MemorySegment ram;
    private final long[] entries = new long[TOP + 1];
    private final long[] addresses = new long[TOP + 1];
    private final long[] tables = new long[TOP + 1];
    private int leafLevel;
    private long leafFrame;

    /** @param log hears of tables whose bits are set */
    GuestWalk(FrameTable frames, DirtyLog log) {
        this.frames = frames;
        this.log = log;
        this.ram = frames.memory();
    }

    /**
     * Walks.
     *
     * @param cr3 the guest's
     * @param access bits of {@link PagingTrap}
     * @return {@link #OK}, {@link #ONLY_WITHOUT_WP}, {@link #NOTHING}, or the error code of a page fault plus 1
     */
    int walk(long cr3, long linear, int access, Controls controls) {
        long rights = WRITABLE | USER;
        long noExecute = 0;
        long table = PageTableEntry.frame(cr3);
        for (int level = TOP; ; level--) {
            int machine = frames.machine(table);
            if (machine == FrameTable.NONE) {
                leafLevel = level + 1;
                return NOTHING;
            }
            long at = DomainLayout.bytes(machine) + (long) PageTableEntry.index(linear, level) * Long.BYTES;
            long entry = (long) ENTRY.getVolatile(ram, at);
            entries[level] = entry;
            addresses[level] = at;
            tables[level] = table;
            leafLevel = level;
            if (!PageTableEntry.isPresent(entry)) {
                return fault(access, controls, 0);
            }
            if (hasReservedBits(entry, level, controls)) {
                return fault(access, controls, ERROR_PRESENT | ERROR_RESERVED);
            }
            rights &= entry;
            noExecute |= entry & NO_EXECUTE;
            if (isLeaf(entry, level)) {
                leafFrame = leafFrame(entry, level, linear);
                return check(rights, noExecute != 0, access, controls);
            }
            table = PageTableEntry.frame(entry);
        }
    }

    static boolean isLeaf(long entry, int level) {
        return level == 1 || (level < TOP && (entry & LARGE) != 0);
    }

    private static long leafFrame(long entry, int level, long linear) {
        long within = (1L << PageTableEntry.LEVEL_BITS * (level - 1)) - 1;
        return PageTableEntry.frame(entry) & ~within | linear >>> PageTableEntry.PAGE_SHIFT & within;
    }

    /** Row S2: what is beyond the width of an address is never cut off, but faults. */
    static boolean hasReservedBits(long entry, int level, Controls controls) {
        long reserved = BEYOND_WIDTH | (controls.noExecute() ? 0 : NO_EXECUTE);
        if (level == TOP) {
            reserved |= LARGE;
        } else if (level > 1 && (entry & LARGE) != 0) {
            // From bit 13 to the size of the page: bit 12 is the memory type's.
            reserved |= (1L << PageTableEntry.PAGE_SHIFT + PageTableEntry.LEVEL_BITS * (level - 1)) - (1L << 13);
        }
        return (entry & reserved) != 0;
    }

    private static int check(long rights, boolean noExecute, int access, Controls controls) {
        boolean user = (access & PagingTrap.USER) != 0;
        boolean write = (access & PagingTrap.WRITE_ACCESS) != 0;
        boolean fetch = (access & PagingTrap.FETCH) != 0;
        boolean userPage = (rights & USER) != 0;
        boolean allowed = !user || userPage;
        if (fetch) {
            allowed &= !noExecute && (user || !userPage || !controls.smep());
        } else if (!user && userPage && controls.smap()) {
            allowed &= (access & PagingTrap.AC) != 0;
        }
        boolean readOnly = write && (rights & WRITABLE) == 0;
        if (!allowed || (readOnly && (user || controls.writeProtect()))) {
            return fault(access, controls, ERROR_PRESENT);
        }
        return readOnly ? ONLY_WITHOUT_WP : OK;
    }

    private static int fault(int access, Controls controls, int cause) {
        int shown = PagingTrap.WRITE_ACCESS | PagingTrap.USER;
        if (controls.noExecute() || controls.smep()) {
            shown |= PagingTrap.FETCH;
        }
        return (cause | access & shown) + 1;
    }

    /**
     * Sets the accessed bits of the walk just made, and the dirty bit for a store, as the processor does.
     *
     * @return false if an entry has changed meanwhile: then the walk is to be made again
     */
    boolean mark(boolean write) {
        for (int level = TOP; level > leafLevel; level--) {
            if (!set(level, ACCESSED)) {
                return false;
            }
        }
        return set(leafLevel, write ? ACCESSED | DIRTY : ACCESSED);
    }

    private boolean set(int level, long bits) {
        long entry = entries[level];
        if ((entry & bits) == bits) {
            return true;
        }
        if (!ENTRY.compareAndSet(ram, addresses[level], entry, entry | bits)) {
            return false;
        }
        entries[level] = entry | bits;
        log.mark(tables[level]);
        return true;
    }

    /** The entry of a level, down to {@link #leafLevel}. */
    long entry(int level) {
        return entries[level];
    }

    /** The frame of the table of a level. */
    long table(int level) {
        return tables[level];
    }

    /** Offset in RAM of the entry of a level. */
    long address(int level) {
        return addresses[level];
    }

    /** The level of the last entry that was read: of the page, if the access is allowed. */
    int leafLevel() {
        return leafLevel;
    }

    /** The frame of 4 KiB that the address lies in. */
    long leafFrame() {
        return leafFrame;
    }

    /** A level of the walk just made, for people. */
    WalkStep step(int level) {
        boolean there = PageTableEntry.isPresent(entries[level]);
        boolean leaf = level == leafLevel;
        long frame = there ? PageTableEntry.frame(entries[level]) : FrameTable.NONE;
        return new WalkStep("guest", level, addresses[level], entries[level], frame, leaf);
    }

    /** An entry of one of the guest's tables now; 0 if the frame has no page. */
    long read(long table, int index) {
        int machine = frames.machine(table);
        if (machine == FrameTable.NONE) {
            return 0;
        }
        return (long) ENTRY.getVolatile(ram, DomainLayout.bytes(machine) + (long) index * Long.BYTES);
    }

    /** Whether an entry is one that the guest has used: present, accessed, without reserved bits. */
    static boolean isUsed(long entry, int level, Controls controls) {
        long used = PRESENT | ACCESSED;
        return (entry & used) == used && !hasReservedBits(entry, level, controls);
    }
}
