// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.domu.memory.GuestMemory;

/**
 * The tables of one address space. A table has as many users as it has entries, so that the last entry that goes takes it
 * along.
 */
final class PageTables {
    /** {@link #find} of an entry whose table is not there. */
    static final long NO_TABLE = -1;

    private static final int LEVELS = 4;
    private static final long LEAD_ON = PageTableEntry.PRESENT | PageTableEntry.WRITABLE | PageTableEntry.USER;

    private final AddressSpaces spaces;
    private final int root;
    // The level 1 table that was found last: units next to each other are asked for one after the other.
    private long nearAddress = -1;
    private long nearTable;
    private long found;

    PageTables(AddressSpaces spaces, int root) {
        this.spaces = spaces;
        this.root = root;
    }

    int root() {
        return root;
    }

    /** A unit's entry, the first of many for a large unit in a mode without large pages; 0 if there is none. */
    long get(Processor cpu, long address, int shift) {
        long at = find(cpu, address, leafLevel(cpu, shift));
        return at == NO_TABLE ? 0 : cpu.updates().get(at);
    }

    /** The first unit from an address on that has an entry, or the end. */
    long next(Processor cpu, long address, long end, int shift) {
        int level = leafLevel(cpu, shift);
        long unit = address;
        while (unit < end) {
            long at = find(cpu, unit, level);
            if (at == NO_TABLE) {
                unit = (unit >>> Region.LARGE) + 1 << Region.LARGE;
            } else {
                found = cpu.updates().get(at);
                if (found != 0) {
                    return unit;
                }
                unit += 1L << shift;
            }
        }
        return end;
    }

    /** The entry of the unit that {@link #next} has found last. */
    long found() {
        return found;
    }

    private static int leafLevel(Processor cpu, int shift) {
        return shift == Region.LARGE && cpu.updates().largePages() ? 2 : 1;
    }

    /** Guest-physical address of the entry for an address at a level, or {@link #NO_TABLE}. */
    private long find(Processor cpu, long address, int level) {
        if (level == 1 && address >>> Region.LARGE == nearAddress) {
            return entry(nearTable, address, 1);
        }
        long table = GuestMemory.address(root);
        for (int above = LEVELS; above > level; above--) {
            long entry = cpu.updates().get(entry(table, address, above));
            if (entry == 0) {
                return NO_TABLE;
            }
            table = entry & PageTableEntry.FRAME_MASK;
        }
        if (level == 1) {
            nearAddress = address >>> Region.LARGE;
            nearTable = table;
        }
        return entry(table, address, level);
    }

    private static long entry(long table, long address, int level) {
        return table + (long) PageTableEntry.index(address, level) * Long.BYTES;
    }

    /** The entry that maps an address, small or large, read where the address space in force shows it; 0 if there is none. */
    static long shown(Processor cpu, long address) {
        long large = shownEntry(cpu, SelfMap.entry(address, 2));
        boolean leadsOn = PageTableEntry.isPresent(large) && (large & PageTableEntry.LARGE) == 0;
        return leadsOn ? shownEntry(cpu, SelfMap.entry(address, 1)) : large;
    }

    private static long shownEntry(Processor cpu, long linear) {
        return cpu.updates().named(cpu.kernel().loadShown(linear));
    }

    /** Sets a unit that had no entry, or a swap entry. Tables are made as they are needed. */
    void set(Gather gather, long address, int shift, long entry) {
        Processor cpu = gather.processor();
        int level = leafLevel(cpu, shift);
        boolean large = level > 1 && PageTableEntry.isPresent(entry);
        int entries = shift == Region.LARGE && level == 1 ? PageTableEntry.ENTRIES : 1;
        for (int i = 0; i < entries; i++) {
            long page = (long) i << Region.PAGE;
            long at = make(gather, address + page, level);
            if (cpu.updates().get(at) == 0) {
                spaces.frames().share(tableOf(at));
            }
            cpu.updates().set(at, entry + page | (large ? PageTableEntry.LARGE : 0));
        }
    }

    /** Changes the rights of a unit that is present, or where it leads; accessed and dirty bits are kept. */
    void change(Processor cpu, long address, int shift, long entry) {
        int level = leafLevel(cpu, shift);
        int entries = shift == Region.LARGE && level == 1 ? PageTableEntry.ENTRIES : 1;
        for (int i = 0; i < entries; i++) {
            long page = (long) i << Region.PAGE;
            long at = find(cpu, address + page, level);
            cpu.updates().setKeepingBits(at, entry + page | (level > 1 ? PageTableEntry.LARGE : 0));
        }
    }

    /** Takes a unit's entry away, and the tables that are empty then. */
    void clear(Gather gather, long address, int shift) {
        Processor cpu = gather.processor();
        int level = leafLevel(cpu, shift);
        int entries = shift == Region.LARGE && level == 1 ? PageTableEntry.ENTRIES : 1;
        for (int i = 0; i < entries; i++) {
            clearEntry(gather, address + ((long) i << Region.PAGE), level);
        }
    }

    private void clearEntry(Gather gather, long address, int lowest) {
        Processor cpu = gather.processor();
        for (int level = lowest; level <= LEVELS; level++) {
            long at = find(cpu, address, level);
            cpu.updates().set(at, 0);
            int table = tableOf(at);
            if (level == LEVELS || spaces.frames().users(table) > 2) {
                if (level < LEVELS) {
                    spaces.frames().release(table);
                }
                return;
            }
            // Its last entry: the one user that is left is its place in the table above.
            spaces.frames().release(table);
            if (address >>> Region.LARGE == nearAddress) {
                nearAddress = -1;
            }
            gather.flush(SelfMap.entry(address, level), Region.PAGE);
            gather.freeTable(table);
        }
    }

    private long make(Gather gather, long address, int level) {
        Processor cpu = gather.processor();
        long known = find(cpu, address, level);
        if (known != NO_TABLE) {
            return known;
        }
        long table = GuestMemory.address(root);
        for (int above = LEVELS; above > level; above--) {
            long at = entry(table, address, above);
            long found = cpu.updates().get(at);
            if (found == 0) {
                int made = spaces.newTable(cpu);
                found = PageTableEntry.of(made, LEAD_ON);
                cpu.updates().set(at, found);
                if (above < LEVELS) {
                    spaces.frames().share(tableOf(at));
                }
            }
            table = found & PageTableEntry.FRAME_MASK;
        }
        return entry(table, address, level);
    }

    private static int tableOf(long at) {
        return (int) (at >>> PageTableEntry.PAGE_SHIFT);
    }
}
