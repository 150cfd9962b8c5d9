// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.PageTableEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An address space: regions, and the tables that map what of them is there. Addresses are linear ones of the lower half, from
 * 0 up to {@link #END}. Pages are brought in zeroed when they are first touched; a clone shares them until one of the two
 * writes.
 *
 * <p>Whoever changes it does so on a processor, which may run in any address space. When a method returns, no processor uses
 * a translation that is gone.
 */
public final class AddressSpace {
    /** Where the lower half ends. */
    public static final long END = 1L << 47;

    /** In an entry that is not present: bits 12 and up are a slot in swap. */
    private static final long SWAPPED = 1 << 9;

    private static final long PRESENT = PageTableEntry.PRESENT;
    private static final long WRITABLE = PageTableEntry.WRITABLE;

    private final AddressSpaces spaces;
    private final PageTables tables;
    private final int pcid;
    private final TreeMap<Long, Region> regions = new TreeMap<>();
    private volatile PageFault.Handler handler = (processor, fault) -> false;
    private final AtomicLong flushes = new AtomicLong();
    private boolean destroyed;

    AddressSpace(AddressSpaces spaces, int root, int pcid) {
        this.spaces = spaces;
        this.tables = new PageTables(spaces, root);
        this.pcid = pcid;
    }

    PageTables tables() {
        return tables;
    }

    int pcid() {
        return pcid;
    }

    /** Flushes so far: a processor that comes back compares. */
    long flushes() {
        return flushes.get();
    }

    /** Another flush. */
    void flushed() {
        flushes.incrementAndGet();
    }

    /** Sets who is asked about faults that memory management has no answer to; by default they end the access. */
    public void onFault(PageFault.Handler newHandler) {
        handler = newHandler;
    }

    PageFault.Handler handler() {
        return handler;
    }

    /**
     * Maps addresses. What was mapped there is unmapped.
     *
     * @param bytes a multiple of 4096, as the address
     */
    public void map(Processor cpu, long address, long bytes, Protection protection) {
        map(cpu, new Region(address, address + bytes, protection, Region.PAGE));
    }

    /**
     * Maps addresses in pages of 2 MiB, which are brought in, copied and protected as wholes. Modes without large pages use
     * 512 small ones for each.
     *
     * @param bytes a multiple of 2 MiB, as the address
     */
    public void mapLarge(Processor cpu, long address, long bytes, Protection protection) {
        map(cpu, new Region(address, address + bytes, protection, Region.LARGE));
    }

    private void map(Processor cpu, Region region) {
        try (Gather gather = cpu.gather().open(this)) {
            remove(gather, region.start(), region.end());
            regions.put(region.start(), region);
        }
    }

    /** Unmaps addresses, whether anything is mapped there or not. Large pages go as wholes only. */
    public void unmap(Processor cpu, long address, long bytes) {
        try (Gather gather = cpu.gather().open(this)) {
            remove(gather, address, address + bytes);
        }
    }

    /** Changes what may be done with addresses; those that are not mapped stay so. Large pages change as wholes only. */
    public void protect(Processor cpu, long address, long bytes, Protection protection) {
        try (Gather gather = cpu.gather().open(this)) {
            for (Region region : cut(address, address + bytes)) {
                Region changed = region.with(protection);
                regions.put(region.start(), changed);
                for (long unit = next(cpu, changed, region.start());
                        unit < region.end();
                        unit = after(cpu, changed, unit)) {
                    protectUnit(gather, changed, unit);
                }
            }
        }
    }

    private void protectUnit(Gather gather, Region region, long unit) {
        Processor cpu = gather.processor();
        long entry = tables.found();
        if ((entry & PRESENT) != 0) {
            tables.change(cpu, unit, region.shift(), entryFor(region, frame(entry)));
            gather.flush(unit, region.shift());
        }
    }

    /** Brings pages in as if each had been touched, all at once: cheaper than one by one. */
    public void populate(Processor cpu, long address, long bytes) {
        try (Gather gather = cpu.gather().open(this)) {
            for (Region region : cut(address, address + bytes)) {
                for (long unit = region.start(); unit < region.end(); unit += region.unit()) {
                    bringIn(gather, region, unit);
                }
            }
        }
    }

    /** A copy of this address space, as fork makes one: pages are shared until one of the two writes to them. */
    public AddressSpace fork(Processor cpu) {
        AddressSpace child = null;
        boolean whole = false;
        try (Gather gather = cpu.gather().open(this)) {
            child = spaces.create(gather);
            child.handler = handler;
            for (Region region : regions.values()) {
                child.regions.put(region.start(), region);
                for (long unit = next(cpu, region, region.start());
                        unit < region.end();
                        unit = after(cpu, region, unit)) {
                    share(gather, child, region, unit);
                }
            }
            whole = true;
        } finally {
            if (!whole && child != null) {
                child.destroy(cpu);
            }
        }
        return child;
    }

    private void share(Gather gather, AddressSpace child, Region region, long unit) {
        Processor cpu = gather.processor();
        long entry = tables.found();
        if (entry == 0) {
            return;
        }
        if ((entry & PRESENT) == 0) {
            spaces.swap().share(slot(entry));
            child.tables.set(gather, unit, region.shift(), entry);
            return;
        }
        int frame = frame(entry);
        spaces.frames().share(frame);
        long shared = entryFor(region, frame);
        child.tables.set(gather, unit, region.shift(), shared);
        if ((entry & WRITABLE) != 0) {
            tables.change(cpu, unit, region.shift(), shared);
            gather.flush(unit, region.shift());
        }
    }

    /** Unmaps everything and gives the tables back. No processor may run in it. */
    public void destroy(Processor cpu) {
        for (Processor processor : spaces.processors()) {
            if (processor != null && processor.space() == this) {
                throw new IllegalStateException("vCPU " + processor.vcpu() + " runs in this address space");
            }
        }
        try (Gather gather = cpu.gather().open(this)) {
            if (!destroyed) {
                destroyed = true;
                remove(gather, 0, END);
                spaces.dispose(gather, this);
            }
        }
    }

    /**
     * Writes pages to swap and frees their frames. Pages that are shared, large or not there are left alone.
     *
     * @return how many went
     */
    public int swapOut(Processor cpu, long address, long bytes) {
        int gone = 0;
        try (Gather gather = cpu.gather().open(this)) {
            for (Region region : cut(address, address + bytes)) {
                for (long unit = next(cpu, region, region.start());
                        unit < region.end();
                        unit = after(cpu, region, unit)) {
                    gone += region.shift() == Region.PAGE && swapOutUnit(gather, unit) ? 1 : 0;
                }
            }
        }
        return gone;
    }

    private boolean swapOutUnit(Gather gather, long unit) {
        Processor cpu = gather.processor();
        long entry = tables.found();
        if ((entry & PRESENT) == 0 || spaces.frames().users(frame(entry)) > 1) {
            return false;
        }
        int slot = spaces.swap().allocate();
        if (slot < 0) {
            return false;
        }
        tables.set(gather, unit, Region.PAGE, PageTableEntry.of(slot, SWAPPED));
        gather.flush(unit, Region.PAGE);
        // Nobody writes to the page any more only when all have forgotten it.
        gather.settle();
        spaces.swap().write(slot, cpu.kernel().readable(frame(entry)));
        gather.free(frame(entry));
        return true;
    }

    /**
     * The entry that maps an address, as the guest reads it in its tables: bits of {@link PageTableEntry}, and the frame. A
     * large page has one entry where the mode has large pages, and else one for each small piece.
     *
     * @param cpu a processor that runs in this address space
     * @return 0 if there is none
     */
    public long entry(Processor cpu, long address) {
        if (cpu.space() != this) {
            throw new IllegalStateException("vCPU " + cpu.vcpu() + " does not run in this address space");
        }
        try (Gather gather = cpu.gather().open(this)) {
            return PageTables.shown(gather.processor(), address);
        }
    }

    private void remove(Gather gather, long start, long end) {
        for (Region region : cut(start, end)) {
            regions.remove(region.start());
            Processor cpu = gather.processor();
            for (long unit = next(cpu, region, region.start()); unit < region.end(); unit = after(cpu, region, unit)) {
                long entry = tables.found();
                tables.clear(gather, unit, region.shift());
                drop(gather, region, unit, entry);
            }
        }
    }

    private long next(Processor cpu, Region region, long from) {
        return tables.next(cpu, from, region.end(), region.shift());
    }

    private long after(Processor cpu, Region region, long unit) {
        return next(cpu, region, unit + region.unit());
    }

    private void drop(Gather gather, Region region, long unit, long entry) {
        if ((entry & PRESENT) != 0) {
            gather.flush(unit, region.shift());
            gather.free(frame(entry));
        } else {
            spaces.swap().release(slot(entry));
        }
    }

    /** The regions between two addresses, of which none reaches beyond: those that did are cut in two. */
    private List<Region> cut(long start, long end) {
        List<Region> touched = new ArrayList<>();
        Map.Entry<Long, Region> before = regions.floorEntry(start);
        long from = before != null && before.getValue().end() > start ? before.getKey() : start;
        for (Region region :
                new ArrayList<>(regions.subMap(from, Math.max(from, end)).values())) {
            Region inside = region.between(Math.max(start, region.start()), Math.min(end, region.end()));
            Region left = region.start() < start ? region.between(region.start(), start) : null;
            Region right = region.end() > end ? region.between(end, region.end()) : null;
            if (left != null) {
                regions.put(left.start(), left);
            }
            if (right != null) {
                regions.put(right.start(), right);
            }
            regions.put(inside.start(), inside);
            touched.add(inside);
        }
        return touched;
    }

    /** Whether there was an answer to a fault: something is different now. With the lock held. */
    boolean resolve(Gather gather, long address, int error) {
        Map.Entry<Long, Region> found = address < 0 ? null : regions.floorEntry(address);
        if (found == null || address >= found.getValue().end()) {
            return false;
        }
        Region region = found.getValue();
        long unit = region.unitOf(address);
        if (bringIn(gather, region, unit)) {
            return true;
        }
        long entry = tables.get(gather.processor(), unit, region.shift());
        boolean copy = (error & PageFault.WRITE) != 0 && region.protection().write() && (entry & WRITABLE) == 0;
        if (copy) {
            copyOnWrite(gather, region, unit, frame(entry));
        }
        return copy;
    }

    /** Brings a unit in, if it is not there: zeroed, or from swap. */
    private boolean bringIn(Gather gather, Region region, long unit) {
        long entry = tables.get(gather.processor(), unit, region.shift());
        if ((entry & PRESENT) != 0) {
            return false;
        }
        int frame = spaces.allocate(gather.processor(), region.order());
        if (entry == 0) {
            gather.processor().kernel().zero(frame, 1 << region.order());
        } else {
            gather.processor().kernel().write(frame, spaces.swap().read(slot(entry)));
            spaces.swap().release(slot(entry));
        }
        tables.set(gather, unit, region.shift(), entryFor(region, frame));
        return true;
    }

    private void copyOnWrite(Gather gather, Region region, long unit, int frame) {
        Processor cpu = gather.processor();
        if (spaces.frames().users(frame) == 1) {
            tables.change(cpu, unit, region.shift(), entryFor(region, frame));
            return;
        }
        int copy = spaces.allocate(cpu, region.order());
        cpu.kernel().copy(frame, copy, 1 << region.order());
        tables.change(cpu, unit, region.shift(), entryFor(region, copy));
        gather.flush(unit, region.shift());
        gather.free(frame);
    }

    /** What is shared is not writable, so that the first store makes a copy. */
    private long entryFor(Region region, int frame) {
        long bits = region.protection().bits();
        boolean shared = spaces.frames().users(frame) > 1;
        return PageTableEntry.of(frame, shared ? bits & ~WRITABLE : bits);
    }

    private static int frame(long entry) {
        return (int) PageTableEntry.frame(entry);
    }

    private static int slot(long entry) {
        return (int) PageTableEntry.frame(entry);
    }
}
