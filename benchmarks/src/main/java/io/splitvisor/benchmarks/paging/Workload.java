// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.paging;

import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import java.util.function.IntSupplier;

/** Something that a guest does with memory, again and again. Each says how many operations a round is. */
enum Workload {
    /** Loads of 8 bytes that the TLB always holds; an operation is a load. */
    TLB_HITS("loads within the TLB") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = populated(spaces, cpu, HOT_PAGES);
            long[] sum = {0};
            return new Round(
                    () -> {
                        long all = 0;
                        for (int i = 0; i < HOT_LOADS; i++) {
                            all += cpu.getLong(BASE + (i & HOT_PAGES * PAGE / 8 - 1) * 8L);
                        }
                        sum[0] += all;
                        return sum[0] == -1 ? 0 : HOT_LOADS;
                    },
                    cpu,
                    space);
        }
    },

    /** Maps, writes to each page once, and unmaps; an operation is a page. */
    SEQUENTIAL_TOUCH("sequential touch of new pages") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = spaces.create(cpu);
            cpu.enter(space);
            return new Round(
                    () -> {
                        space.map(cpu, BASE, TOUCHED * PAGE, Protection.READ_WRITE);
                        touch(cpu, TOUCHED);
                        space.unmap(cpu, BASE, TOUCHED * PAGE);
                        return TOUCHED;
                    },
                    cpu,
                    space);
        }
    },

    /** Loads from random pages, of which there are twice as many as the TLB has entries; an operation is a load. */
    RANDOM_ACCESS("random access beyond the TLB") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = populated(spaces, cpu, WIDE_PAGES);
            long[] seed = {88172645463325252L};
            return new Round(
                    () -> {
                        long x = seed[0];
                        for (int i = 0; i < LOADS; i++) {
                            x ^= x << 13;
                            x ^= x >>> 7;
                            x ^= x << 17;
                            // What is loaded decides where to go next: one access waits for the other.
                            x += cpu.getLong(BASE + (x & WIDE_PAGES - 1) * PAGE + (x >>> 40 & 0xff8)) & 1;
                        }
                        seed[0] = x;
                        return LOADS;
                    },
                    cpu,
                    space);
        }
    },

    /** Copies an address space, writes to a quarter of its pages in the copy, and ends it; an operation is a page. */
    FORK("fork and copy on write") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = populated(spaces, cpu, FORKED);
            return new Round(
                    () -> {
                        touch(cpu, FORKED);
                        AddressSpace child = space.fork(cpu);
                        cpu.enter(child);
                        touch(cpu, FORKED / 4);
                        cpu.enter(space);
                        child.destroy(cpu);
                        return FORKED;
                    },
                    cpu,
                    space);
        }
    },

    /** Copies an address space and ends the copy, so that tables are all that changes; an operation is a page. */
    FORK_ONLY("fork alone") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = populated(spaces, cpu, FORKED);
            return new Round(
                    () -> {
                        space.protect(cpu, BASE, FORKED * PAGE, Protection.READ_WRITE);
                        space.fork(cpu).destroy(cpu);
                        return FORKED;
                    },
                    cpu,
                    space);
        }
    },

    /** Changes the rights of pages, many at a time; an operation is a change of an entry. */
    PROTECT("changes of entries, many at a time") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = populated(spaces, cpu, FORKED);
            return new Round(
                    () -> {
                        space.protect(cpu, BASE, FORKED * PAGE, Protection.READ);
                        space.protect(cpu, BASE, FORKED * PAGE, Protection.READ_WRITE);
                        return 2 * FORKED;
                    },
                    cpu,
                    space);
        }
    },

    /** Maps a few pages, brings them in, touches them, and unmaps them; an operation is a page. */
    CHURN("map and unmap") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace space = spaces.create(cpu);
            cpu.enter(space);
            // Something else in the same tables: they stay.
            space.map(cpu, BASE + CHURNED * PAGE, PAGE, Protection.READ_WRITE);
            cpu.putLong(BASE + CHURNED * PAGE, 1);
            return new Round(
                    () -> {
                        space.map(cpu, BASE, CHURNED * PAGE, Protection.READ_WRITE);
                        space.populate(cpu, BASE, CHURNED * PAGE);
                        touch(cpu, CHURNED);
                        space.unmap(cpu, BASE, CHURNED * PAGE);
                        return CHURNED;
                    },
                    cpu,
                    space);
        }
    },

    /** Goes from one address space to the next and touches a few pages in each; an operation is a switch. */
    SWITCHES("context switches") {
        @Override
        Round prepare(AddressSpaces spaces, Processor cpu) {
            AddressSpace[] all = new AddressSpace[SPACES];
            for (int i = 0; i < SPACES; i++) {
                all[i] = populated(spaces, cpu, SWITCH_PAGES);
            }
            return new Round(
                    () -> {
                        for (AddressSpace space : all) {
                            cpu.enter(space);
                            touch(cpu, SWITCH_PAGES);
                        }
                        return SPACES;
                    },
                    cpu,
                    all);
        }
    };

    private static final long BASE = 0x10_0000_0000L;
    private static final long PAGE = 4096;
    private static final int HOT_PAGES = 16;
    private static final int HOT_LOADS = 1 << 16;
    private static final int TOUCHED = 1024;
    private static final int WIDE_PAGES = 8192;
    private static final int LOADS = 1 << 14;
    private static final int FORKED = 1024;
    private static final int CHURNED = 64;
    private static final int SPACES = 4;
    private static final int SWITCH_PAGES = 16;

    private final String title;

    Workload(String title) {
        this.title = title;
    }

    /** What it is, for people. */
    String title() {
        return title;
    }

    /** Its name in figures. */
    String word() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /**
     * A workload that is ready.
     *
     * @param once runs it once; returns how many operations that was
     * @param spaces what is given back at the end
     */
    record Round(IntSupplier once, Processor cpu, AddressSpace... spaces) {
        int run() {
            return once.getAsInt();
        }

        void end() {
            cpu.leave();
            for (AddressSpace space : spaces) {
                space.destroy(cpu);
            }
        }
    }

    abstract Round prepare(AddressSpaces spaces, Processor cpu);

    private static AddressSpace populated(AddressSpaces spaces, Processor cpu, int pages) {
        AddressSpace space = spaces.create(cpu);
        cpu.enter(space);
        space.map(cpu, BASE, pages * PAGE, Protection.READ_WRITE);
        space.populate(cpu, BASE, pages * PAGE);
        touch(cpu, pages);
        return space;
    }

    private static void touch(Processor cpu, int pages) {
        for (int page = 0; page < pages; page++) {
            cpu.putLong(BASE + page * PAGE, page);
        }
    }
}
