// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.ExtendedEntry;
import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.memory.FrameTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Extended page tables: MMUs walk the guest's own tables, and find every guest-physical address of that walk through the
 * monitor's, which are filled on violations. Leaves are as large as the physical map permits. While stores are logged,
 * pages are writable one by one, once they are marked as dirty.
 */
public final class EptPaging implements Paging {
    /** Write-back, a walk of four levels, accessed and dirty bits. */
    private static final long POINTER = 6 | 3 << 3 | 1 << 6;

    private final FrameTable frames;
    private final MonitorMemory memory;
    private final TablePool pool;
    private final EptTables tables;
    private final PagingEvents events;
    private final VcpuFlushes flushes;
    private final Controls[] controls;
    private final BitSet dirty = new BitSet();
    private boolean logging;

    EptPaging(FrameTable frames, MonitorMemory memory, int vcpus, PagingEvents events) {
        this.frames = frames;
        this.memory = memory;
        this.events = events;
        this.flushes = new VcpuFlushes(memory, vcpus, events);
        this.pool = new TablePool(memory);
        this.tables = new EptTables(memory, pool);
        this.controls = new Controls[vcpus];
        Arrays.fill(controls, Controls.INITIAL);
        MonitorHeader.eptPointerRelease(memory.segment(), PageTableEntry.of(tables.root(), POINTER));
        frames.trackWriters();
        frames.onChange(new FrameTable.Changes() {
            @Override
            public void linked(long frame, int machine) {
                // What leads there is asked for when it is needed. A new page is a changed one.
                markDirty(frame);
            }

            @Override
            public void unlinked(long frame, int machine) {
                tables.unmap(frame);
                markDirty(frame);
            }
        });
    }

    @Override
    public PagingMode mode() {
        return PagingMode.EPT;
    }

    /** The tables, for tests. */
    EptTables tables() {
        return tables;
    }

    /** {@link PagingTrap#EPT_VIOLATION}. */
    public long violation(long address, int access) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.EPT_VIOLATIONS);
            long frame = address >>> PageTableEntry.PAGE_SHIFT;
            int machine = frames.machine(frame);
            if (machine == FrameTable.NONE) {
                return -XenErrno.EFAULT;
            }
            boolean write = (access & PagingTrap.WRITE_ACCESS) != 0;
            if (!map(frame, machine, write) && !(makeRoom() && map(frame, machine, write))) {
                events.crash("memory for extended page tables is exhausted");
            }
            return PagingTrap.MENDED;
        }
    }

    /** Whether there was room. */
    private boolean map(long frame, int machine, boolean write) {
        int lowest = tables.lowestLevel(frame);
        boolean present = ExtendedEntry.isPresent(tables.entry(frame, lowest));
        if (present) {
            // Without a log, another vCPU's violation has mended it.
            return !logging || !write || openForWrite(frame);
        }
        int level = level(frame, lowest, logging && write);
        if (!tables.reach(frame, level)) {
            return false;
        }
        tables.map(frame, level, machine, !logging || write);
        if (write) {
            markDirty(frame);
        }
        if (level == 1 && !logging) {
            tables.coalesce(frame);
        }
        return true;
    }

    private boolean openForWrite(long frame) {
        if (!tables.reach(frame, 1)) {
            return false;
        }
        tables.allowWrite(frame);
        markDirty(frame);
        return true;
    }

    /** The largest leaf that fits, not above the level where there are tables already. */
    private int level(long frame, int lowest, boolean small) {
        int level = small ? 1 : Math.min(lowest, EptTables.MOST_LEAF);
        while (level > 1 && !EptTables.isContiguous(frames, frame, level)) {
            level--;
        }
        return level;
    }

    /** All tables can be made anew. */
    private boolean makeRoom() {
        boolean any = pool.used() > 1;
        tables.clear(Integer.MAX_VALUE);
        memory.newGeneration();
        memory.count(PagingCounter.EVICTIONS);
        return any;
    }

    /** {@link PagingTrap#EPT_MISCONFIGURATION}. */
    public long misconfiguration(long address) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.EPT_MISCONFIGURATIONS);
            if (tables.isMisconfigured(address >>> PageTableEntry.PAGE_SHIFT)) {
                events.crash("an extended page table is misconfigured at " + Long.toHexString(address));
            }
            return PagingTrap.MENDED;
        }
    }

    /** {@link PagingTrap#CONTROL}: for whoever looks; nothing depends on it. */
    public long control(int vcpu, long cr0, long cr4, long efer) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.CONTROLS);
            controls[vcpu] = new Controls(cr0, cr4, efer);
            memory.vcpu(vcpu, MonitorHeader.CR0, cr0);
            memory.vcpu(vcpu, MonitorHeader.CR4, cr4);
            memory.vcpu(vcpu, MonitorHeader.EFER, efer);
            return 0;
        }
    }

    /** Starts to log which frames change; the log is empty at first. -EINVAL if that is going on already (row T8). */
    public int startLog() {
        synchronized (frames.lock()) {
            if (logging) {
                return -XenErrno.EINVAL;
            }
            logging = true;
            dirty.clear();
            frames.startWriteLog();
            tables.forEachLeaf((entry, _) -> entry & ~ExtendedEntry.WRITE);
            memory.newGeneration();
            return 0;
        }
    }

    /** Ends that. Everything is writable again, in leaves as large as they can be. */
    public int stopLog() {
        synchronized (frames.lock()) {
            if (!logging) {
                return -XenErrno.EINVAL;
            }
            logging = false;
            dirty.clear();
            frames.stopWriteLog();
            tables.forEachLeaf((entry, _) -> entry | ExtendedEntry.WRITE);
            for (long frame = 0; frame < frames.identity(); frame += EptTables.span(2)) {
                tables.coalesce(frame);
            }
            return 0;
        }
    }

    /**
     * The frames that have changed since the log was started, or last taken; bit 0 of the first word is frame 0. Pages that
     * somebody else may write to just now, through a grant or for events, count as changed, and so does what he had until
     * then, and what hypercalls have answered into. Null if there is no log.
     *
     * @param take whether the log is emptied
     */
    public long[] readLog(boolean take) {
        synchronized (frames.lock()) {
            if (!logging) {
                return null;
            }
            BitSet read = (BitSet) dirty.clone();
            frames.readWriteLog(take, machine -> {
                int frame = frames.frame(machine);
                if (frame != FrameTable.NONE && frames.isRam(machine)) {
                    read.set(frame);
                }
            });
            for (long frame = 0; frame < frames.frames(); frame++) {
                int machine = frames.machine(frame);
                if (machine != FrameTable.NONE
                        && frames.isRam(machine)
                        && frames.types().count(machine) > 0) {
                    read.set((int) frame);
                }
            }
            if (take) {
                dirty.stream().forEach(tables::protect);
                dirty.clear();
                memory.newGeneration();
            }
            return read.toLongArray();
        }
    }

    /** Frames that the log can hold: all that ever had a page. */
    public long frames() {
        return frames.frames();
    }

    private void markDirty(long frame) {
        if (logging && !dirty.get((int) frame)) {
            dirty.set((int) frame);
            memory.count(PagingCounter.DIRTIED);
        }
    }

    @Override
    public int flushTlbs(int caller) {
        synchronized (frames.lock()) {
            flushes.all(caller, -1);
            return 0;
        }
    }

    @Override
    public boolean relinquish(int most) {
        synchronized (frames.lock()) {
            return tables.clear(most);
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
            if (pages < PagingConfig.fewestPages(controls.length) || pages > pool.capacity()) {
                return -XenErrno.ENOMEM;
            }
            if (!pool.limit(pages)) {
                makeRoom();
                pool.limit(pages);
            }
            return 0;
        }
    }

    /** The guest's levels come first, each with those of the extended tables for its entry; then those for the page. */
    @Override
    public List<WalkStep> walk(int vcpu, long linear) {
        synchronized (frames.lock()) {
            List<WalkStep> steps = new ArrayList<>();
            GuestWalk guest = new GuestWalk(frames);
            int controlPage = memory.layout().machinePages() + vcpu * DomainLayout.VCPU_AREA_PAGES;
            var control = frames.memory().asSlice(DomainLayout.bytes(controlPage), DomainLayout.PAGE_SIZE);
            int result = guest.walk(MmuFigures.getAcquire(control, MmuFigures.CR3), linear, 0, controls[vcpu]);
            for (int level = EptTables.TOP; level >= guest.leafLevel(); level--) {
                addSteps(steps, guest.table(level));
                steps.add(guest.step(level));
            }
            if (result == GuestWalk.OK) {
                addSteps(steps, guest.leafFrame());
            }
            return steps;
        }
    }

    private void addSteps(List<WalkStep> steps, long frame) {
        for (int level = EptTables.TOP; level >= 1; level--) {
            WalkStep step = tables.step(frame, level);
            if (step != null) {
                steps.add(step);
            }
        }
    }
}
