// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.monitor.memory.FrameTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Shadow page tables: MMUs walk tables that the monitor derives, entry by entry as they are asked for, from those that the
 * guest keeps in its RAM. Traps and their results are those of {@link PagingTrap}.
 */
public final class ShadowPaging implements LoggedPaging {
    private static final int TOP = 4;

    /** A walk whose entries change under it is made again so often; then the guest's MMU tries again. */
    private static final int TRIES = 8;

    private static final long NO_FLUSH = 1L << 63;
    private static final long CR3_RESERVED = -(1L << MonitorLayout.PHYSICAL_BITS) & ~NO_FLUSH;

    private final FrameTable frames;
    private final MonitorMemory memory;
    private final TablePool pool;
    private final ShadowTables shadows;
    private final GuestWalk guest;
    private final ShadowSync sync;
    private final ShadowTrees trees;
    private final DirtyLog log;
    private final PagingEvents events;
    private final VcpuFlushes flushes;
    private final boolean trapEveryWrite;
    private final long[] cr3;
    private final Controls[] controls;

    ShadowPaging(FrameTable frames, MonitorMemory memory, int vcpus, boolean trapEveryWrite, PagingEvents events) {
        this.frames = frames;
        this.memory = memory;
        this.trapEveryWrite = trapEveryWrite;
        this.events = events;
        this.flushes = new VcpuFlushes(memory, vcpus, events);
        this.pool = new TablePool(memory);
        this.shadows = new ShadowTables(memory, pool);
        this.log = new DirtyLog(frames, memory, vcpus);
        this.guest = new GuestWalk(frames, log);
        this.sync = new ShadowSync(frames, memory, shadows, guest, log);
        this.trees = new ShadowTrees(memory, pool, shadows, guest, sync, vcpus);
        this.cr3 = new long[vcpus];
        this.controls = new Controls[vcpus];
        Arrays.fill(controls, Controls.INITIAL);
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            tellControls(vcpu);
        }
        frames.onChange(new FrameTable.Changes() {
            @Override
            public void linked(long frame, int machine) {
                // What leads there is asked for when it is needed. A new page is a changed one.
                log.mark(frame);
            }

            @Override
            public void unlinked(long frame, int machine) {
                trees.lose(frame, machine);
                log.mark(frame);
            }
        });
    }

    @Override
    public PagingMode mode() {
        return PagingMode.SHADOW;
    }

    /** The shadows, for tests. */
    ShadowTables shadows() {
        return shadows;
    }

    /** What entries have to be, for tests. */
    ShadowSync sync() {
        return sync;
    }

    /** {@link PagingTrap#FAULT}. */
    public long fault(int vcpu, long linear, int access) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.FAULTS);
            shadows.beginTrap();
            boolean write = (access & PagingTrap.WRITE_ACCESS) != 0;
            long refusal = walk(vcpu, linear, access);
            if (refusal == GuestWalk.ONLY_WITHOUT_WP) {
                return PagingTrap.EMULATE;
            }
            if (refusal != GuestWalk.OK) {
                return refusal;
            }
            long frame = guest.leafFrame();
            if (frames.machine(frame) == FrameTable.NONE) {
                return -XenErrno.EFAULT;
            }
            if (write && shadows.isProtected(frame) && !mayLetOutOfSync(frame, controls[vcpu])) {
                return PagingTrap.EMULATE;
            }
            if (write) {
                log.mark(frame);
            }
            if (!trees.fill(vcpu, cr3[vcpu], linear, controls[vcpu])) {
                events.crash("shadow memory is exhausted");
            }
            return PagingTrap.MENDED;
        }
    }

    private boolean mayLetOutOfSync(long frame, Controls now) {
        return !trapEveryWrite && sync.release(frame, now);
    }

    /**
     * Walks the guest's tables and sets their bits.
     *
     * @return {@link GuestWalk#OK}, {@link GuestWalk#ONLY_WITHOUT_WP}, or what the trap answers
     */
    private long walk(int vcpu, long linear, int access) {
        boolean write = (access & PagingTrap.WRITE_ACCESS) != 0;
        for (int i = 0; i < TRIES; i++) {
            int result = guest.walk(cr3[vcpu], linear, access, controls[vcpu]);
            if (result == GuestWalk.NOTHING) {
                return -XenErrno.EFAULT;
            }
            if (result > 0) {
                memory.count(PagingCounter.GUEST_FAULTS);
                return result;
            }
            if (guest.mark(write)) {
                return result;
            }
        }
        return -XenErrno.EAGAIN;
    }

    /** {@link PagingTrap#WRITE}. */
    public long write(int vcpu, long linear, int access, int bytes, long value) {
        if (!isSize(bytes) || crossesPage(linear, bytes)) {
            return -XenErrno.EINVAL;
        }
        synchronized (frames.lock()) {
            memory.count(PagingCounter.WRITES);
            long refusal = reach(vcpu, linear, access);
            if (refusal != GuestWalk.OK) {
                return refusal;
            }
            GuestStore.write(frames.memory(), address(linear), bytes, value);
            written(linear, bytes, vcpu);
            return PagingTrap.MENDED;
        }
    }

    /** {@link PagingTrap#COMPARE_AND_SET}. */
    public long compareAndSet(int vcpu, long linear, int access, int bytes, long expected, long value) {
        if (!isSize(bytes) || linear % bytes != 0) {
            return -XenErrno.EINVAL;
        }
        synchronized (frames.lock()) {
            memory.count(PagingCounter.WRITES);
            long refusal = reach(vcpu, linear, access);
            if (refusal != GuestWalk.OK) {
                return refusal;
            }
            if (!GuestStore.compareAndSet(frames.memory(), address(linear), bytes, expected, value)) {
                return PagingTrap.DIFFERENT;
            }
            written(linear, bytes, vcpu);
            return PagingTrap.MENDED;
        }
    }

    private static boolean isSize(int bytes) {
        return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    }

    private static boolean crossesPage(long linear, int bytes) {
        return (linear & GuestStore.IN_PAGE) + bytes > GuestStore.IN_PAGE + 1;
    }

    /** Walks for a store, which may be one that only goes without WP; {@link GuestWalk#OK}, or what the trap answers. */
    private long reach(int vcpu, long linear, int access) {
        long refusal = walk(vcpu, linear, access | PagingTrap.WRITE_ACCESS);
        if (refusal != GuestWalk.OK && refusal != GuestWalk.ONLY_WITHOUT_WP) {
            return refusal;
        }
        return frames.machine(guest.leafFrame()) == FrameTable.NONE ? -XenErrno.EFAULT : GuestWalk.OK;
    }

    /** Offset in RAM of the address just reached. */
    private long address(long linear) {
        return GuestStore.address(frames.machine(guest.leafFrame()), linear);
    }

    /** The entries that a store has touched are made what the guest's table says now. */
    private void written(long linear, int bytes, int vcpu) {
        long frame = guest.leafFrame();
        log.mark(frame);
        int first = (int) (linear & GuestStore.IN_PAGE) / Long.BYTES;
        int last = (int) ((linear & GuestStore.IN_PAGE) + bytes - 1) / Long.BYTES;
        for (int level = 1; level <= TOP; level++) {
            Shadow shadow = shadows.find(Shadow.Kind.table(level), frame);
            if (shadow != null) {
                for (int i = first; i <= last; i++) {
                    sync.refresh(shadow, i, controls[vcpu]);
                }
            }
        }
    }

    /** {@link PagingTrap#INVLPG}: every level of the address, in the tables that the vCPU uses. */
    public long invalidate(int vcpu, long linear) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.INVLPGS);
            Shadow shadow = trees.root(vcpu);
            for (int level = TOP; shadow != null && shadow.kind.isTable(); level--) {
                int i = PageTableEntry.index(linear, level);
                sync.refresh(shadow, i, controls[vcpu]);
                shadow = level > 1 ? shadows.child(shadow, i) : null;
            }
            return 0;
        }
    }

    /** {@link PagingTrap#LOAD_CR3}. */
    public long loadCr3(int vcpu, long value) {
        if ((value & CR3_RESERVED) != 0) {
            return -XenErrno.EINVAL;
        }
        synchronized (frames.lock()) {
            memory.count(PagingCounter.CR3_LOADS);
            shadows.beginTrap();
            sync.synchronizeAll(controls[vcpu]);
            cr3[vcpu] = value & ~NO_FLUSH;
            memory.vcpu(vcpu, MonitorHeader.CR3, cr3[vcpu]);
            trees.load(vcpu, PageTableEntry.frame(value));
            return 0;
        }
    }

    /** {@link PagingTrap#CONTROL}. */
    public long control(int vcpu, long cr0, long cr4, long efer) {
        synchronized (frames.lock()) {
            memory.count(PagingCounter.CONTROLS);
            Controls before = controls[vcpu];
            controls[vcpu] = new Controls(cr0, cr4, efer);
            tellControls(vcpu);
            if (before.noExecute() != controls[vcpu].noExecute()) {
                // What was a right is a reserved bit now, or the other way round.
                trees.clear(Integer.MAX_VALUE);
            } else {
                sync.synchronizeAll(controls[vcpu]);
            }
            return 0;
        }
    }

    /** Nothing is writable any more: what there is of shadows is made anew, by faults. */
    @Override
    public int startLog() {
        synchronized (frames.lock()) {
            return log.begin(() -> trees.clear(Integer.MAX_VALUE)) ? 0 : -XenErrno.EINVAL;
        }
    }

    /** What is not writable yet becomes so by faults. */
    @Override
    public int stopLog() {
        synchronized (frames.lock()) {
            return log.stop() ? 0 : -XenErrno.EINVAL;
        }
    }

    @Override
    public long[] readLog(boolean take) {
        synchronized (frames.lock()) {
            return log.read(take, frame -> {
                int machine = frames.machine(frame);
                if (machine != FrameTable.NONE) {
                    shadows.protect(machine);
                }
            });
        }
    }

    @Override
    public long frames() {
        return frames.frames();
    }

    @Override
    public int flushTlbs(int caller) {
        synchronized (frames.lock()) {
            sync.synchronizeAll(controls[caller]);
            flushes.all(caller, -1);
            return 0;
        }
    }

    private void tellControls(int vcpu) {
        memory.vcpu(vcpu, MonitorHeader.CR0, controls[vcpu].cr0());
        memory.vcpu(vcpu, MonitorHeader.CR4, controls[vcpu].cr4());
        memory.vcpu(vcpu, MonitorHeader.EFER, controls[vcpu].efer());
    }

    @Override
    public boolean relinquish(int tables) {
        synchronized (frames.lock()) {
            return trees.clear(tables);
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
            shadows.beginTrap();
            trees.shrink(pages);
            return 0;
        }
    }

    @Override
    public List<WalkStep> walk(int vcpu, long linear) {
        synchronized (frames.lock()) {
            List<WalkStep> steps = new ArrayList<>();
            if (cr3[vcpu] == 0) {
                return steps;
            }
            guest.walk(cr3[vcpu], linear, 0, controls[vcpu]);
            Shadow shadow = trees.root(vcpu);
            for (int level = TOP; level >= 1; level--) {
                int i = PageTableEntry.index(linear, level);
                if (level >= guest.leafLevel()) {
                    steps.add(guest.step(level));
                }
                if (shadow != null) {
                    long entry = shadows.entry(shadow, i);
                    steps.add(WalkStep.ofPool("shadow", level, shadow.page, i, entry, level == 1));
                    shadow = level > 1 ? shadows.child(shadow, i) : null;
                }
            }
            return steps;
        }
    }
}
