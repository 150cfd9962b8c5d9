// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The kernel's mapping of all RAM, from {@value #BASE} up, in every address space: by it the guest reaches its tables, and
 * pages that it copies or clears. It is made by plain stores before any paging, as a domain builder does.
 */
final class KernelMap {
    /** Where Linux has it, too. */
    static final long BASE = 0xffff_8880_0000_0000L;

    private static final long LEAD_ON =
            PageTableEntry.PRESENT | PageTableEntry.WRITABLE | PageTableEntry.ACCESSED | PageTableEntry.DIRTY;
    private static final long LEAF = LEAD_ON | PageTableEntry.NO_EXECUTE;
    private static final int ENTRIES = PageTableEntry.ENTRIES;

    private final MemorySegment ram;
    private final Machine machine;
    private final int root;
    private final int level3;
    private final int[] level2;
    private final int[] level1;
    private final boolean small;

    /** What a mapping is made of. */
    interface Frames {
        /** A frame for a table. */
        int allocate();
    }

    /**
     * Makes the mapping.
     *
     * @param memory guest-physical memory
     * @param machine where frames are to be looked up
     * @param registered whether entries name machine pages, 4 KiB each, and tables may only be read
     */
    KernelMap(GuestMemory memory, Machine machine, Frames frames, boolean registered) {
        this.ram = memory.segment();
        this.machine = machine;
        this.small = registered;
        int pages = memory.layout().ramPages();
        int tables = (pages + ENTRIES - 1) / ENTRIES;
        root = table(frames);
        level3 = table(frames);
        level2 = new int[(tables + ENTRIES - 1) / ENTRIES];
        // 2 MiB pages cover what they can; a rest is mapped in small ones.
        level1 = new int[registered ? tables : pages % ENTRIES == 0 ? 0 : 1];
        fill(level2, frames);
        fill(level1, frames);
        link(pages);
        if (registered) {
            protectTables();
        }
    }

    private int table(Frames frames) {
        int frame = frames.allocate();
        ram.asSlice(machine.page(frame) << PageTableEntry.PAGE_SHIFT, GuestMemory.PAGE_SIZE)
                .fill((byte) 0);
        return frame;
    }

    private void fill(int[] tables, Frames frames) {
        for (int i = 0; i < tables.length; i++) {
            tables[i] = table(frames);
        }
    }

    private void link(int pages) {
        write(root, PageTableEntry.index(BASE, 4), PageTableEntry.of(level3, LEAD_ON));
        for (int i = 0; i < level2.length; i++) {
            write(level3, PageTableEntry.index(BASE, 3) + i, PageTableEntry.of(level2[i], LEAD_ON));
        }
        int whole = small ? 0 : pages / ENTRIES;
        for (int i = 0; i < whole; i++) {
            write(level2[i / ENTRIES], i % ENTRIES, PageTableEntry.of((long) i * ENTRIES, LEAF | PageTableEntry.LARGE));
        }
        for (int i = 0; i < level1.length; i++) {
            write(level2[(whole + i) / ENTRIES], (whole + i) % ENTRIES, PageTableEntry.of(level1[i], LEAD_ON));
        }
        for (int frame = whole * ENTRIES; frame < pages; frame++) {
            if (machine.page(frame) >= 0) {
                write(level1[frame / ENTRIES - whole], frame % ENTRIES, PageTableEntry.of(frame, LEAF));
            }
        }
    }

    private void protectTables() {
        protect(root);
        protect(level3);
        for (int table : level2) {
            protect(table);
        }
        for (int table : level1) {
            protect(table);
        }
    }

    private void protect(int table) {
        write(level1[table / ENTRIES], table % ENTRIES, leaf(table, false));
    }

    private void write(int table, int index, long entry) {
        long at = (machine.page(table) << PageTableEntry.PAGE_SHIFT) + (long) index * Long.BYTES;
        ram.set(ValueLayout.JAVA_LONG, at, small ? machine.toMachine(entry) : entry);
    }

    /** The root that maps nothing else. */
    int root() {
        return root;
    }

    /** Guest-physical address of the kernel's entry in a root. */
    static long rootEntry(int root) {
        return GuestMemory.address(root) + (long) PageTableEntry.index(BASE, 4) * Long.BYTES;
    }

    /** Guest-physical address of the entry for a frame, where each has one. */
    long entry(int frame) {
        return GuestMemory.address(level1[frame / ENTRIES]) + (long) (frame % ENTRIES) * Long.BYTES;
    }

    /** What that entry is for a frame that may be written, or may not. */
    static long leaf(int frame, boolean writable) {
        return PageTableEntry.of(frame, writable ? LEAF : LEAF & ~PageTableEntry.WRITABLE);
    }

    /** Where a guest-physical address is mapped. */
    static long linear(long physical) {
        return BASE + physical;
    }
}
