// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.domu.memory.GuestMemory.OutOfGuestMemoryException;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.PageFault;
import io.splitvisor.domu.paging.Privilege;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import io.splitvisor.stress.paging.ReferenceModel.Access;
import io.splitvisor.vcpu.mmu.PagingControls;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random program of address spaces, run by a guest and by the reference model at once: every value, every fault and its
 * error code is compared. It does not know the mode. All processors are driven by the calling thread, by turns; those whose
 * turn it is not are idle.
 */
final class PagingProgram {
    private static final int MOST_SPACES = 5;
    private static final long MIB = 1 << 20;
    private static final int PAGE = ReferenceModel.PAGE;
    /** Where small pages are mapped: over the border of two tables, and over one of two tables of tables. */
    private static final long[] SMALL = {0x7f00_001f_0000L, 0x3f_ffff_0000L, 0x1000};

    private static final int SMALL_PAGES = 32;
    private static final long LARGE = 0x5500_0000_0000L;
    private static final int LARGE_PAGES = 4;
    private static final int[] SIZES = {1, 4, 8};

    private record Pair(AddressSpace guest, ReferenceModel.Space model) {}

    private final Random random;
    private final AddressSpaces spaces;
    private final ReferenceModel model = new ReferenceModel();
    private final Processor[] processors;
    private final Pair[] current;
    private final List<Pair> all = new ArrayList<>();
    private boolean smep;
    private boolean smap;
    private String doing = "";
    private long faults;
    private long entries;

    PagingProgram(AddressSpaces spaces, int vcpus, long seed) {
        this.spaces = spaces;
        this.random = new Random(seed);
        this.processors = new Processor[vcpus];
        this.current = new Pair[vcpus];
        for (int i = 0; i < vcpus; i++) {
            processors[i] = spaces.processor(i);
            processors[i].goIdle();
        }
        Processor first = processors[0];
        first.resume();
        all.add(new Pair(spaces.create(first), new ReferenceModel.Space()));
        first.goIdle();
    }

    /** Faults that guest and model agreed on. */
    long faults() {
        return faults;
    }

    /** Entries read that said what they had to. */
    long entries() {
        return entries;
    }

    /** Runs so many steps. */
    void run(long steps) {
        for (long step = 0; step < steps; step++) {
            int turn = random.nextInt(processors.length);
            Processor cpu = processors[turn];
            cpu.resume();
            try {
                if (current[turn] == null) {
                    enter(turn, all.get(random.nextInt(all.size())));
                }
                step(turn, cpu, current[turn]);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("step " + step + " on vCPU " + turn + ": " + doing, e);
            }
            cpu.goIdle();
        }
    }

    /** Gives everything back. */
    void end() {
        for (Processor cpu : processors) {
            cpu.resume();
            cpu.leave();
            cpu.goIdle();
        }
        processors[0].resume();
        all.forEach(pair -> pair.guest.destroy(processors[0]));
        processors[0].goIdle();
    }

    private void step(int turn, Processor cpu, Pair space) {
        int kind = random.nextInt(1000);
        if (kind < 800) {
            access(cpu, space);
        } else if (kind < 860) {
            remap(cpu, space);
        } else if (kind < 900) {
            protect(cpu, space);
        } else if (kind < 925) {
            unmap(cpu, space);
        } else if (kind < 945) {
            enter(turn, all.get(random.nextInt(all.size())));
        } else if (kind < 955) {
            fork(cpu, space);
        } else if (kind < 962) {
            destroy(cpu);
        } else if (kind < 975) {
            cpu.invalidate(address());
        } else if (kind < 985) {
            cpu.privilege(Privilege.values()[random.nextInt(3)]);
        } else if (kind < 990) {
            controls();
        } else {
            swapOut(cpu, space);
        }
    }

    private boolean isLarge() {
        return random.nextInt(5) == 0;
    }

    private long address() {
        if (isLarge()) {
            return LARGE + random.nextLong(LARGE_PAGES * 2 * MIB);
        }
        return SMALL[random.nextInt(SMALL.length)] + random.nextInt(SMALL_PAGES * PAGE);
    }

    private Protection protection() {
        // Mostly what lets most accesses succeed.
        boolean usual = random.nextInt(3) > 0;
        return usual
                ? Protection.READ_WRITE
                : new Protection(random.nextBoolean(), random.nextBoolean(), random.nextInt(4) > 0);
    }

    /** Calls with a range of small pages, or of large ones, which go as wholes. */
    private void range(Range small, Range large) {
        if (isLarge()) {
            int first = random.nextInt(LARGE_PAGES);
            int count = 1 + random.nextInt(Math.min(2, LARGE_PAGES - first));
            large.of(LARGE + first * 2 * MIB, count * 2 * MIB);
        } else {
            int first = random.nextInt(SMALL_PAGES);
            int count = 1 + random.nextInt(Math.min(random.nextInt(4) == 0 ? SMALL_PAGES : 3, SMALL_PAGES - first));
            small.of(SMALL[random.nextInt(SMALL.length)] + (long) first * PAGE, (long) count * PAGE);
        }
    }

    private interface Range {
        void of(long address, long bytes);
    }

    private static String name(String what, long address, long bytes) {
        return what + " " + Long.toHexString(address) + " " + Long.toHexString(bytes);
    }

    private void remap(Processor cpu, Pair space) {
        Protection protection = protection();
        boolean populate = random.nextInt(4) == 0;
        range(
                (address, bytes) -> {
                    doing = name("map", address, bytes) + protection;
                    space.guest.map(cpu, address, bytes, protection);
                    space.model.map(address, bytes, protection);
                    if (populate) {
                        tryIt(cpu, () -> space.guest.populate(cpu, address, bytes));
                    }
                },
                (address, bytes) -> {
                    doing = name("map large", address, bytes) + protection;
                    space.guest.mapLarge(cpu, address, bytes, protection);
                    space.model.map(address, bytes, protection);
                });
    }

    private void protect(Processor cpu, Pair space) {
        Protection protection = protection();
        Range both = (address, bytes) -> {
            doing = name("protect", address, bytes) + protection;
            space.guest.protect(cpu, address, bytes, protection);
            space.model.protect(address, bytes, protection);
        };
        range(both, both);
    }

    private void unmap(Processor cpu, Pair space) {
        Range both = (address, bytes) -> {
            doing = name("unmap", address, bytes);
            space.guest.unmap(cpu, address, bytes);
            space.model.unmap(address, bytes);
        };
        range(both, both);
    }

    private void swapOut(Processor cpu, Pair space) {
        range(
                (address, bytes) -> {
                    doing = name("swap out", address, bytes);
                    space.guest.swapOut(cpu, address, bytes);
                },
                (address, bytes) -> {});
    }

    private void enter(int turn, Pair next) {
        doing = "enter " + all.indexOf(next);
        processors[turn].enter(next.guest);
        current[turn] = next;
    }

    private void fork(Processor cpu, Pair space) {
        doing = "fork " + all.indexOf(space);
        if (all.size() < MOST_SPACES) {
            tryIt(cpu, () -> all.add(new Pair(space.guest.fork(cpu), space.model.fork())));
        }
    }

    private void destroy(Processor cpu) {
        Pair victim = all.get(random.nextInt(all.size()));
        doing = "destroy " + all.indexOf(victim);
        for (Pair used : current) {
            if (used == victim) {
                return;
            }
        }
        if (all.size() > 1) {
            victim.guest.destroy(cpu);
            all.remove(victim);
        }
    }

    private void controls() {
        smep = random.nextBoolean();
        smap = random.nextBoolean();
        doing = "SMEP " + smep + ", SMAP " + smap;
        model.controls(smep, smap);
        PagingControls next = new PagingControls(PagingControls.Format.LEVELS4, true, false, true, true, smep, smap);
        for (Processor cpu : processors) {
            cpu.controls(next);
        }
    }

    private void access(Processor cpu, Pair space) {
        long address = address();
        int size = SIZES[random.nextInt(SIZES.length)];
        Access kind = random.nextInt(20) == 0 ? Access.FETCH : random.nextBoolean() ? Access.READ : Access.WRITE;
        long value = random.nextLong();
        boolean compare = kind == Access.WRITE && random.nextInt(8) == 0;
        if (compare) {
            address &= -8L;
            size = 8;
        }
        size = kind == Access.FETCH ? 1 : size;
        doing = kind + " of " + size + " at " + Long.toHexString(address) + " as " + cpu.privilege();
        PageFault expected = model.check(space.model, address, size, kind, cpu.privilege());
        PageFault raised = null;
        long read = 0;
        boolean set = false;
        try {
            switch (kind) {
                case READ -> read = load(cpu, address, size);
                case WRITE -> set = store(cpu, address, size, value, compare ? expectedValue(space, address) : -1);
                case FETCH -> cpu.fetch(address);
            }
        } catch (PageFault.Unhandled e) {
            raised = e.fault();
        } catch (OutOfGuestMemoryException e) {
            makeRoom(cpu);
            return;
        }
        assertThat(raised).isEqualTo(expected);
        if (expected != null) {
            faults++;
        } else if (kind == Access.READ) {
            assertThat(read).isEqualTo(model.load(space.model, address, size));
        } else if (set) {
            model.store(space.model, address, size, value);
        }
        if (expected == null && random.nextInt(8) == 0) {
            entry(cpu, space, address, kind == Access.WRITE && (set || !compare));
        }
    }

    /** What the tables say of an address that was just touched, read through the address space's map of itself. */
    private void entry(Processor cpu, Pair space, long address, boolean stored) {
        Protection protection = space.model.protection(address);
        long entry = space.guest.entry(cpu, address);
        long exact = PageTableEntry.PRESENT | PageTableEntry.ACCESSED | PageTableEntry.USER | PageTableEntry.NO_EXECUTE;
        long wanted = PageTableEntry.PRESENT
                | PageTableEntry.ACCESSED
                | (protection.user() ? PageTableEntry.USER : 0)
                | (protection.execute() ? 0 : PageTableEntry.NO_EXECUTE);
        assertThat(entry & exact).as("entry %x", entry).isEqualTo(wanted);
        if (!protection.write()) {
            assertThat(entry & PageTableEntry.WRITABLE).as("entry %x", entry).isZero();
        }
        if (stored) {
            assertThat(entry & PageTableEntry.DIRTY).as("entry %x", entry).isNotZero();
        }
        entries++;
    }

    /** For a compare-and-set: what is there, or, sometimes, what is not. */
    private long expectedValue(Pair space, long address) {
        boolean mapped = model.check(space.model, address, 8, Access.READ, Privilege.KERNEL_TO_USER) == null;
        long there = mapped ? model.load(space.model, address, 8) : 0;
        return random.nextInt(4) == 0 ? there + 2 : there;
    }

    private static long load(Processor cpu, long address, int size) {
        return switch (size) {
            case 1 -> cpu.getByte(address);
            case 4 -> cpu.getInt(address) & 0xffff_ffffL;
            default -> cpu.getLong(address);
        };
    }

    /** Whether it was stored. */
    private boolean store(Processor cpu, long address, int size, long value, long compared) {
        if (compared != -1) {
            return cpu.compareAndSet(address, compared, value);
        }
        switch (size) {
            case 1 -> cpu.putByte(address, (int) value);
            case 4 -> cpu.putInt(address, (int) value);
            default -> cpu.putLong(address, value);
        }
        return true;
    }

    private void tryIt(Processor cpu, Runnable task) {
        try {
            task.run();
        } catch (OutOfGuestMemoryException e) {
            makeRoom(cpu);
        }
    }

    /** Memory is short: some goes, from guest and model alike. */
    private void makeRoom(Processor cpu) {
        for (Pair pair : all) {
            pair.guest.unmap(cpu, LARGE, LARGE_PAGES * 2 * MIB);
            pair.model.unmap(LARGE, LARGE_PAGES * 2 * MIB);
        }
        assertThat(spaces.freeFrames()).isPositive();
    }
}
