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
import io.splitvisor.monitor.memory.FrameTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Extended page tables: MMUs walk the guest's own tables, and find every guest-physical address of that walk through the
 * monitor's, which are filled on violations. Leaves are as large as the physical map permits. While stores are logged,
 * pages are writable one by one, once they are marked as dirty.
 */
public final class EptPaging implements LoggedPaging {
    /** Write-back, a walk of four levels, accessed and dirty bits. */
    private static final long POINTER = 6 | 3 << 3 | 1 << 6;

    private final FrameTable frames;
    private final MonitorMemory memory;
    private final TablePool pool;
    private final EptTables tables;
    private final PagingEvents events;
    private final VcpuFlushes flushes;
    private final Controls[] controls;
    private final DirtyLog log;

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
        this.log = new DirtyLog(frames, memory, vcpus);
        frames.onChange(new FrameTable.Changes() {
            @Override
            public void linked(long frame, int machine) {
                // What leads there is asked for when it is needed. A new page is a changed one.
                log.mark(frame);
            }

            @Override
            public void unlinked(long frame, int machine) {
                tables.unmap(frame);
                log.mark(frame);
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
            return !log.isRunning() || !write || openForWrite(frame);
        }
        int level = level(frame, lowest, log.isRunning() && write);
        if (!tables.reach(frame, level)) {
            return false;
        }
        tables.map(frame, level, machine, !log.isRunning() || write);
        if (write) {
            log.mark(frame);
        }
        if (level == 1 && !log.isRunning()) {
            tables.coalesce(frame);
        }
        return true;
    }

    private boolean openForWrite(long frame) {
        if (!tables.reach(frame, 1)) {
            return false;
        }
        tables.allowWrite(frame);
        log.mark(frame);
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

    @Override
    public int startLog() {
        synchronized (frames.lock()) {
            boolean started = log.begin(() -> tables.forEachLeaf((entry, _) -> entry & ~ExtendedEntry.WRITE));
            return started ? 0 : -XenErrno.EINVAL;
        }
    }

    /** Everything is writable again, in leaves as large as they can be. */
    @Override
    public int stopLog() {
        synchronized (frames.lock()) {
            if (!log.stop()) {
                return -XenErrno.EINVAL;
            }
            tables.forEachLeaf((entry, _) -> entry | ExtendedEntry.WRITE);
            for (long frame = 0; frame < frames.identity(); frame += EptTables.span(2)) {
                tables.coalesce(frame);
            }
            return 0;
        }
    }

    @Override
    public long[] readLog(boolean take) {
        synchronized (frames.lock()) {
            return log.read(take, tables::protect);
        }
    }

    @Override
    public long frames() {
        return frames.frames();
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
            long cr3 = MmuFigures.getAcquire(frames.vcpuControl(vcpu), MmuFigures.CR3);
            List<WalkStep> steps = new ArrayList<>();
            if (cr3 == 0) {
                return steps;
            }
            GuestWalk guest = new GuestWalk(frames, log);
            int result = guest.walk(cr3, linear, 0, controls[vcpu]);
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
