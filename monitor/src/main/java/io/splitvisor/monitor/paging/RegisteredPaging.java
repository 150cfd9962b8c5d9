// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameType;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Registered page tables: the guest names machine pages, asks for each change, and its MMUs walk the monitor's valid copies.
 * What Xen does for PV guests, with its checks, errors and counts.
 *
 * <p>Operations answer 0, a negative Xen errno, or {@link #RESTART}: not finished, to be called again with the same
 * arguments in the vCPU's next turn.
 */
public final class RegisteredPaging implements Paging {
    /** Not finished. */
    public static final int RESTART = RegisteredTables.RESTART;

    private static final int ROOT_LEVEL = 4;

    private final FrameTable frames;
    private final MonitorMemory memory;
    private final TablePool pool;
    private final DescriptorTables descriptors;
    private final RegisteredTables tables;
    private final VcpuFlushes flushes;

    /** By vCPU: the L4s of the kernel, then those of user mode, as machine pages. */
    private final int[] roots;

    /** By vCPU: the table that its operation waits for. */
    private final int[] awaited;

    private final int vcpus;
    private boolean dying;

    RegisteredPaging(FrameTable frames, MonitorMemory memory, int vcpus, PagingEvents events) {
        this.frames = frames;
        this.memory = memory;
        this.pool = new TablePool(memory);
        this.descriptors = new DescriptorTables(frames, memory, vcpus);
        this.tables = new RegisteredTables(frames, memory, pool, descriptors);
        this.flushes = new VcpuFlushes(memory, vcpus, events);
        this.vcpus = vcpus;
        this.roots = new int[2 * vcpus];
        this.awaited = new int[vcpus];
        Arrays.fill(roots, FrameTable.NONE);
        Arrays.fill(awaited, FrameTable.NONE);
        frames.trackWriters();
    }

    @Override
    public PagingMode mode() {
        return PagingMode.REGISTERED;
    }

    /** The tables, for tests. */
    RegisteredTables tables() {
        return tables;
    }

    /** The descriptor tables, for tests. */
    DescriptorTables descriptors() {
        return descriptors;
    }

    /** The root of a vCPU, for tests. */
    int root(int vcpu, boolean user) {
        return roots[user ? vcpus + vcpu : vcpu];
    }

    /** Held by each operation. Whoever makes many in a row takes it around them. */
    public Object lock() {
        return frames.lock();
    }

    /** Counts calls and elements. */
    public void count(PagingCounter counter, long more) {
        synchronized (frames.lock()) {
            memory.count(counter, more);
        }
    }

    /** Undoes tables that nobody uses any more; before and after each call. False if that has to go on in the next turn. */
    public boolean settle(Slice slice) {
        if (tables.isSettled()) {
            return true;
        }
        synchronized (frames.lock()) {
            boolean settled = tables.settle(slice);
            if (!settled) {
                memory.count(PagingCounter.PREEMPTIONS);
            }
            return settled;
        }
    }

    /**
     * Writes an entry of a table ({@code MMU_NORMAL_PT_UPDATE}); in a page that is none, 8 bytes. With {@link #lock} held: these
     * come in numbers.
     *
     * @param vcpu who asks
     * @param address machine address, a multiple of 8
     * @param keepBits whether accessed and dirty bits stay ({@code MMU_PT_UPDATE_PRESERVE_AD})
     */
    public int update(int vcpu, long address, long entry, boolean keepBits, Slice slice) {
        long machine = address >>> PageTableEntry.PAGE_SHIFT;
        int i = (int) (address >>> 3) & PageTableEntry.ENTRIES - 1;
        RegisteredTable table = frames.isPage(machine) ? tables.valid((int) machine) : null;
        // A table holds its page, and with the lock held it stays one.
        int result =
                table != null ? change(table, i, entry, keepBits, slice) : store(machine, (long) i * Long.BYTES, entry);
        return waited(vcpu, result, entry);
    }

    private int store(long machine, long offset, long value) {
        if (!frames.get(machine)) {
            return -XenErrno.EINVAL;
        }
        boolean writable = frames.types().getWritable((int) machine);
        if (writable) {
            frames.memory().set(ValueLayout.JAVA_LONG, DomainLayout.bytes((int) machine) + offset, value);
            frames.types().putWritable((int) machine);
        }
        frames.put((int) machine);
        return writable ? 0 : -XenErrno.EINVAL;
    }

    /** {@code mod_l1_entry} to {@code mod_l4_entry}: new references are taken before old ones are given back. */
    private int change(RegisteredTable table, int i, long entry, boolean keepBits, Slice slice) {
        if (EntryRules.isReserved(table.level, i)) {
            return -XenErrno.EINVAL;
        }
        long before = tables.original(table, i);
        if (PageTableEntry.isPresent(entry)) {
            int flags = EntryRules.checkFlags(entry, table.level);
            if (flags != 0) {
                return flags;
            }
            if (EntryRules.isHarmless(before, entry)) {
                tables.write(table, i, entry, keepBits);
                return 0;
            }
            if (table.level == 1 && EntryRules.staysAtPage(before, entry)) {
                return tables.changeRights(table, i, before, entry, keepBits) ? 0 : -XenErrno.EBUSY;
            }
            int result = tables.hold(table, entry, slice);
            if (result != 0) {
                return result;
            }
        }
        tables.write(table, i, entry, keepBits);
        tables.release(table, before);
        if (table.level > 1 && PageTableEntry.isPresent(before)) {
            memory.newGeneration();
        }
        return 0;
    }

    /** Keeps in mind which table an operation waits for, and that it does not any more. */
    private int waited(int vcpu, int result, long entry) {
        int before = awaited[vcpu];
        awaited[vcpu] = result == RESTART ? (int) PageTableEntry.frame(entry) : FrameTable.NONE;
        if (before != awaited[vcpu]) {
            tables.abandon(before);
        }
        if (result == RESTART) {
            memory.count(PagingCounter.PREEMPTIONS);
        }
        return result;
    }

    private int waitedFor(int vcpu, int result, long machine) {
        return waited(vcpu, result, machine << PageTableEntry.PAGE_SHIFT);
    }

    /** Writes the L1 entry of an address, in the tables that the vCPU uses ({@code update_va_mapping}; rows M12, M15). */
    public int updateVa(int vcpu, long linear, long entry) {
        synchronized (frames.lock()) {
            RegisteredTable table = lowest(vcpu, linear);
            return table == null
                    ? -XenErrno.EINVAL
                    : change(table, PageTableEntry.index(linear, 1), entry, false, Slice.ENDLESS);
        }
    }

    /** The L1 of an address; null if there is none. */
    private RegisteredTable lowest(int vcpu, long linear) {
        if (!PageTableEntry.isCanonical(linear) || roots[vcpu] == FrameTable.NONE) {
            return null;
        }
        RegisteredTable table = tables.valid(roots[vcpu]);
        for (int level = ROOT_LEVEL; table != null && level > 1; level--) {
            long entry = tables.original(table, PageTableEntry.index(linear, level));
            table = PageTableEntry.isPresent(entry) ? tables.valid((int) PageTableEntry.frame(entry)) : null;
        }
        // By a linear mapping one comes to a table of a higher level.
        return table != null && table.level == 1 ? table : null;
    }

    /** Pins a table ({@code MMUEXT_PIN_L1_TABLE} and the others; row M5). */
    public int pin(int vcpu, long machine, int level, Slice slice) {
        synchronized (frames.lock()) {
            int result = waitedFor(vcpu, tables.get(machine, level, slice), machine);
            if (result == 0 && (dying || !frames.types().setPinned((int) machine))) {
                tables.put((int) machine);
                return -XenErrno.EINVAL;
            }
            return result;
        }
    }

    /** Takes a pin away ({@code MMUEXT_UNPIN_TABLE}). */
    public int unpin(long machine) {
        synchronized (frames.lock()) {
            boolean own = frames.get(machine);
            if (own) {
                frames.put((int) machine);
            }
            if (!own || !frames.types().clearPinned((int) machine)) {
                return -XenErrno.EINVAL;
            }
            tables.put((int) machine);
            return 0;
        }
    }

    /** Loads a root ({@code MMUEXT_NEW_BASEPTR}); if it is no valid L4, the old one stays (row M11). */
    public int newRoot(int vcpu, long machine, Slice slice) {
        return newRoot(vcpu, vcpu, MonitorHeader.ROOT, machine, slice);
    }

    /** Loads the root of user mode, or none for page 0 ({@code MMUEXT_NEW_USER_BASEPTR}). */
    public int newUserRoot(int vcpu, long machine, Slice slice) {
        return newRoot(vcpu, vcpus + vcpu, MonitorHeader.USER_ROOT, machine == 0 ? FrameTable.NONE : machine, slice);
    }

    private int newRoot(int vcpu, int slot, long field, long machine, Slice slice) {
        synchronized (frames.lock()) {
            int before = roots[slot];
            if (before == machine) {
                return waitedFor(vcpu, 0, 0);
            }
            if (machine != FrameTable.NONE) {
                int result = waitedFor(vcpu, tables.get(machine, ROOT_LEVEL, slice), machine);
                if (result == 0 && dying) {
                    tables.put((int) machine);
                    return -XenErrno.EINVAL;
                }
                if (result != 0) {
                    return result;
                }
            }
            roots[slot] = (int) machine;
            tellRoot(vcpu, slot, field);
            descriptors.dropLdt(vcpu);
            if (before != FrameTable.NONE) {
                tables.put(before);
            }
            return 0;
        }
    }

    private void tellRoot(int vcpu, int slot, long field) {
        RegisteredTable table = roots[slot] == FrameTable.NONE ? null : tables.valid(roots[slot]);
        memory.vcpu(vcpu, field, table == null ? 0 : PageTableEntry.of(table.page, 0));
    }

    /** Loads a GDT of machine pages ({@code set_gdt}); they are checked, and not writable while it is in force. */
    public int setGdt(int vcpu, long[] machines, int entries) {
        synchronized (frames.lock()) {
            return dying ? -XenErrno.EINVAL : descriptors.setGdt(vcpu, machines, entries);
        }
    }

    /** Loads an LDT at a page's linear address ({@code MMUEXT_SET_LDT}); its pages are taken as they are needed. */
    public void setLdt(int vcpu, long linear, int entries) {
        synchronized (frames.lock()) {
            descriptors.setLdt(vcpu, linear, entries);
        }
    }

    /** Writes a descriptor at a machine address ({@code update_descriptor}). */
    public int updateDescriptor(long address, long descriptor) {
        synchronized (frames.lock()) {
            return descriptors.update(address, descriptor);
        }
    }

    /** The descriptor of a selector, as the vCPU's processor loads it; nothing where it has to fault (row M17). */
    public OptionalLong descriptor(int vcpu, int selector) {
        synchronized (frames.lock()) {
            return dying ? OptionalLong.empty() : descriptors.find(vcpu, selector, this::mapped);
        }
    }

    private int mapped(int vcpu, long linear) {
        RegisteredTable table = lowest(vcpu, linear);
        long entry = table == null ? 0 : pool.entry(table.page, PageTableEntry.index(linear, 1));
        return PageTableEntry.isPresent(entry) ? (int) PageTableEntry.frame(entry) : FrameTable.NONE;
    }

    /** Tells the frame of a machine page ({@code MMU_MACHPHYS_UPDATE}). */
    public int tellFrame(long machine, long frame) {
        synchronized (frames.lock()) {
            if (!frames.get(machine)) {
                return -XenErrno.EINVAL;
            }
            frames.tellFrame((int) machine, frame);
            frames.put((int) machine);
            return 0;
        }
    }

    /** Fills a page with zeroes ({@code MMUEXT_CLEAR_PAGE}); -EINVAL for a table. */
    public int clearPage(long machine) {
        return writePage(machine, FrameTable.NONE);
    }

    /** Copies a page ({@code MMUEXT_COPY_PAGE}); -EINVAL if the target is a table. */
    public int copyPage(long machine, long source) {
        synchronized (frames.lock()) {
            if (!frames.get(source)) {
                return -XenErrno.EINVAL;
            }
            int result = writePage(machine, (int) source);
            frames.put((int) source);
            return result;
        }
    }

    private int writePage(long machine, int source) {
        synchronized (frames.lock()) {
            if (!frames.get(machine)) {
                return -XenErrno.EINVAL;
            }
            boolean writable = frames.types().getWritable((int) machine);
            if (writable) {
                var page = frames.memory().asSlice(DomainLayout.bytes((int) machine), DomainLayout.PAGE_SIZE);
                if (source == FrameTable.NONE) {
                    page.fill((byte) 0);
                } else {
                    page.copyFrom(frames.memory().asSlice(DomainLayout.bytes(source), DomainLayout.PAGE_SIZE));
                }
                frames.types().putWritable((int) machine);
            }
            frames.put((int) machine);
            return writable ? 0 : -XenErrno.EINVAL;
        }
    }

    /** Asks vCPUs to flush their TLBs. A bit a vCPU, from bit 0; the caller looks without being asked for an upcall. */
    public void flush(int caller, long vcpuMask) {
        synchronized (frames.lock()) {
            flushes.all(caller, vcpuMask);
        }
    }

    /** Asks vCPUs to forget an address. */
    public void invalidate(int caller, long vcpuMask, long linear) {
        synchronized (frames.lock()) {
            flushes.address(caller, vcpuMask, linear);
        }
    }

    /** A call for guests whose tables are their own: -EINVAL, as for a PV guest in Xen. */
    @Override
    public int flushTlbs(int caller) {
        return -XenErrno.EINVAL;
    }

    @Override
    public boolean relinquish(int most) {
        synchronized (frames.lock()) {
            if (!dying) {
                dying = true;
                descriptors.clear();
                for (int slot = 0; slot < roots.length; slot++) {
                    if (roots[slot] != FrameTable.NONE) {
                        int root = roots[slot];
                        roots[slot] = FrameTable.NONE;
                        tellRoot(slot % vcpus, slot, slot < vcpus ? MonitorHeader.ROOT : MonitorHeader.USER_ROOT);
                        tables.put(root);
                    }
                }
                for (RegisteredTable table : tables.index().all()) {
                    tables.abandon(table.machine);
                    if (frames.types().clearPinned(table.machine)) {
                        tables.put(table.machine);
                    }
                }
            }
            return tables.settle(Slice.of(most)) && tables.index().count() == 0;
        }
    }

    @Override
    public List<WalkStep> walk(int vcpu, long linear) {
        synchronized (frames.lock()) {
            List<WalkStep> steps = new ArrayList<>();
            RegisteredTable table = roots[vcpu] == FrameTable.NONE || !PageTableEntry.isCanonical(linear)
                    ? null
                    : tables.valid(roots[vcpu]);
            for (int level = ROOT_LEVEL; table != null; level--) {
                int i = PageTableEntry.index(linear, level);
                long at = (long) i * Long.BYTES;
                long mark = table.level > 1 ? PageTableEntry.LEADS_TO_COPY : 0;
                long copy = pool.entry(table.page, i) & ~mark;
                long guest = frames.memory().get(ValueLayout.JAVA_LONG, DomainLayout.bytes(table.machine) + at);
                boolean there = PageTableEntry.isPresent(copy);
                boolean leaf = level == 1;
                long copied = there ? PageTableEntry.frame(copy) : FrameTable.NONE;
                long next = there && table.level > 1 ? pool.owner((int) copied) : copied;
                long named = PageTableEntry.isPresent(guest) ? PageTableEntry.frame(guest) : FrameTable.NONE;
                steps.add(new WalkStep("guest", level, DomainLayout.bytes(table.machine) + at, guest, named, leaf));
                steps.add(new WalkStep(
                        "registered", level, DomainLayout.bytes(table.page) + at, copy, leaf ? next : copied, leaf));
                table = !there || leaf ? null : tables.valid((int) next);
            }
            return steps;
        }
    }

    @Override
    public int poolLimit() {
        synchronized (frames.lock()) {
            return pool.limit();
        }
    }

    @Override
    public int poolLimit(int pages) {
        synchronized (frames.lock()) {
            return pool.limit(pages) ? 0 : -XenErrno.ENOMEM;
        }
    }

    /** Machine pages by type, by the ordinal of {@link FrameType}; those of whose counts are zero are of none. */
    public int[] pagesByType() {
        int[] pages = new int[FrameType.values().length];
        // Without the lock: a figure for people, and there may be many pages.
        for (int machine = 0; frames.isPage(machine); machine++) {
            boolean used = frames.types().count(machine) > 0;
            pages[used ? frames.types().type(machine).ordinal() : 0]++;
        }
        return pages;
    }
}
