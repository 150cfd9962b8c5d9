// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameType;
import io.splitvisor.monitor.memory.FrameTypes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * The descriptor tables of vCPUs, as Xen keeps those of PV guests: a GDT is pages that the guest names, an LDT is linear, its
 * pages taken as they are needed. All of them have the type {@code PGT_seg_desc_page} as long as they are in use: checked, and
 * writable to nobody. All with the lock of the frames held.
 */
final class DescriptorTables {
    private static final int IN_PAGE = DescriptorRules.IN_PAGE;
    private static final VarHandle DESCRIPTOR = ValueLayout.JAVA_LONG.varHandle();

    /** Where an address of a vCPU's kernel leads. */
    interface Walk {
        /** The machine page that is mapped there; {@link FrameTable#NONE} for none. */
        int machine(int vcpu, long linear);
    }

    private static final class OfVcpu {
        private int[] gdt = {};
        private int gdtEntries;
        private long ldt;
        private int ldtEntries;
        private final int[] ldtPages = new int[DescriptorRules.LDT_ENTRIES / IN_PAGE];

        private OfVcpu() {
            Arrays.fill(ldtPages, FrameTable.NONE);
        }
    }

    private final FrameTable frames;
    private final FrameTypes types;
    private final MemorySegment ram;
    private final MonitorMemory memory;
    private final OfVcpu[] vcpus;

    DescriptorTables(FrameTable frames, MonitorMemory memory, int count) {
        this.frames = frames;
        this.types = frames.types();
        this.ram = frames.memory();
        this.memory = memory;
        this.vcpus = new OfVcpu[count];
        Arrays.setAll(vcpus, _ -> new OfVcpu());
    }

    /** The pages in use, one for each use; for tests. */
    IntStream pages() {
        return Arrays.stream(vcpus)
                .flatMapToInt(vcpu -> IntStream.concat(
                        Arrays.stream(vcpu.gdt), Arrays.stream(vcpu.ldtPages).filter(page -> page != FrameTable.NONE)));
    }

    /** {@code set_gdt}: the new table is taken before the old one is given back. Pages beyond the entries do not count. */
    int setGdt(int vcpu, long[] machines, int entries) {
        int pages = (entries + IN_PAGE - 1) / IN_PAGE;
        int[] taken = new int[pages];
        for (int i = 0; i < pages; i++) {
            if (!get(machines[i])) {
                Arrays.stream(taken, 0, i).forEach(this::put);
                return -XenErrno.EINVAL;
            }
            taken[i] = (int) machines[i];
        }
        int[] before = vcpus[vcpu].gdt;
        vcpus[vcpu].gdt = taken;
        vcpus[vcpu].gdtEntries = entries;
        Arrays.stream(before).forEach(this::put);
        return 0;
    }

    /** {@code MMUEXT_SET_LDT}, of an address and a number that make sense. */
    void setLdt(int vcpu, long linear, int entries) {
        OfVcpu of = vcpus[vcpu];
        if (of.ldt != linear || of.ldtEntries != entries) {
            dropLdt(vcpu);
            of.ldt = linear;
            of.ldtEntries = entries;
        }
    }

    /** The vCPU's address space is another one, or a page of the table is no longer mapped: its pages are looked up again. */
    void dropLdt(int vcpu) {
        int[] pages = vcpus[vcpu].ldtPages;
        for (int i = 0; i < pages.length; i++) {
            if (pages[i] != FrameTable.NONE) {
                put(pages[i]);
                pages[i] = FrameTable.NONE;
            }
        }
    }

    /** A mapping of a page is gone. Rare enough to look all LDTs up again if it has descriptors. */
    void unmapped(int machine) {
        if (types.type(machine) == FrameType.SEGDESC && types.count(machine) > 0) {
            IntStream.range(0, vcpus.length).forEach(this::dropLdt);
        }
    }

    /** {@code update_descriptor}: 0, or -EINVAL for what must not stand in a table, or a page that is a table of another kind. */
    int update(long address, long descriptor) {
        long machine = address >>> PageTableEntry.PAGE_SHIFT;
        if (address % Long.BYTES != 0 || !DescriptorRules.isAllowed(descriptor) || !frames.get(machine)) {
            return -XenErrno.EINVAL;
        }
        int page = (int) machine;
        boolean used = types.type(page) == FrameType.SEGDESC && types.count(page) > 0;
        boolean held = used ? get(page) : types.getWritable(page);
        if (held) {
            DESCRIPTOR.setVolatile(ram, address, DescriptorRules.mended(descriptor));
            if (used) {
                put(page);
            } else {
                types.putWritable(page);
            }
        }
        frames.put(page);
        return held ? 0 : -XenErrno.EINVAL;
    }

    /**
     * The descriptor of a selector, as a processor reads it that loads a segment; nothing beyond a table's limit, or where
     * there is no table (row M17). What stands in the page is the guest's word, so it is checked once more.
     */
    OptionalLong find(int vcpu, int selector, Walk walk) {
        OfVcpu of = vcpus[vcpu];
        int index = (selector & 0xffff) >>> 3;
        boolean local = (selector & 4) != 0;
        if (index >= (local ? of.ldtEntries : of.gdtEntries)) {
            return OptionalLong.empty();
        }
        int page = local ? ldtPage(vcpu, index / IN_PAGE, walk) : of.gdt[index / IN_PAGE];
        if (page == FrameTable.NONE) {
            return OptionalLong.empty();
        }
        long at = DomainLayout.bytes(page) + (long) (index % IN_PAGE) * Long.BYTES;
        long descriptor = (long) DESCRIPTOR.getVolatile(ram, at);
        return DescriptorRules.isAllowed(descriptor)
                ? OptionalLong.of(DescriptorRules.mended(descriptor))
                : OptionalLong.empty();
    }

    private int ldtPage(int vcpu, int i, Walk walk) {
        OfVcpu of = vcpus[vcpu];
        if (of.ldtPages[i] == FrameTable.NONE) {
            int machine = walk.machine(vcpu, of.ldt + (long) i * DomainLayout.PAGE_SIZE);
            of.ldtPages[i] = machine != FrameTable.NONE && get(machine) ? machine : FrameTable.NONE;
        }
        return of.ldtPages[i];
    }

    /** Gives everything back, as the domain dies. */
    void clear() {
        for (int vcpu = 0; vcpu < vcpus.length; vcpu++) {
            setGdt(vcpu, new long[0], 0);
            setLdt(vcpu, 0, 0);
        }
    }

    /** Takes a page, any number, as one of descriptors. */
    private boolean get(long machine) {
        if (!frames.get(machine)) {
            return false;
        }
        int page = (int) machine;
        FrameTypes.Acquired acquired = types.acquire(page, FrameType.SEGDESC);
        boolean valid =
                switch (acquired) {
                    case VALIDATED -> true;
                    case FRESH, WAS_WRITABLE -> {
                        if (acquired == FrameTypes.Acquired.WAS_WRITABLE) {
                            memory.newGeneration();
                        }
                        yield validate(page);
                    }
                    case REFUSED, RESUMED -> false;
                };
        if (!valid) {
            frames.put(page);
        }
        return valid;
    }

    private boolean validate(int page) {
        for (long at = DomainLayout.bytes(page); at < DomainLayout.bytes(page + 1); at += Long.BYTES) {
            long descriptor = (long) DESCRIPTOR.getVolatile(ram, at);
            if (!DescriptorRules.isAllowed(descriptor)) {
                types.finish(page);
                return false;
            }
            if (DescriptorRules.mended(descriptor) != descriptor) {
                DESCRIPTOR.setVolatile(ram, at, DescriptorRules.mended(descriptor));
            }
        }
        types.validated(page);
        return true;
    }

    private void put(int page) {
        if (types.release(page)) {
            types.finish(page);
        }
        frames.put(page);
    }
}
