// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuTimeInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.time.Alarms;
import io.splitvisor.monitor.time.Runstates;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.monitor.time.VcpuClock;
import io.splitvisor.monitor.time.VcpuTimers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What one vCPU does with its time, and when it is woken: its state, its timers, its clock, and the copies of them that the
 * guest asked for. Confined to the domain's thread; methods answer 0 or a negative Xen errno.
 */
public final class VcpuScheduling {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** Set in state_entry_time while a copy is being written ({@code XEN_RUNSTATE_UPDATE}). */
    private static final long RUNSTATE_UPDATE = 1L << 63;

    private static final long NOWHERE = -1;

    private final Domain domain;
    private final Vcpu vcpu;
    private final SystemClock systemClock;
    private final VcpuClock clock;
    private final VcpuTimers timers;
    private final Runstates runstates;

    private boolean initialised;
    private boolean nmiPending;
    private PolledPorts polled;
    private long runstateArea = NOWHERE;
    private long timeArea = NOWHERE;
    private long infoArea = NOWHERE;

    VcpuScheduling(Domain domain, Vcpu vcpu, SystemClock systemClock, Alarms alarms) {
        this.domain = domain;
        this.vcpu = vcpu;
        this.systemClock = systemClock;
        this.initialised = !vcpu.isDown();
        Vcpu.Info info = vcpu.info();
        this.clock = new VcpuClock(new VcpuClock.Place(info.memory(), VcpuInfo.time(info.at())));
        this.timers = new VcpuTimers(
                systemClock,
                alarms,
                domain.domid(),
                () -> domain.events().raiseVirq(vcpu.id(), Virq.TIMER),
                vcpu::endWait);
        int state = vcpu.isDown() ? Runstate.OFFLINE : Runstate.RUNNING;
        long control = DomainLayout.bytes(domain.memory().layout().vcpuControl(vcpu.id()));
        this.runstates = new Runstates(systemClock, domain.memory().segment(), control, state, domain::threadTimes);
        timers.stand(vcpu.isDown());
        systemClock.add(clock);
    }

    /** The vCPU's number. */
    public int id() {
        return vcpu.id();
    }

    /** Whether it is not down. */
    public boolean isUp() {
        return !vcpu.isDown();
    }

    /** Room for the ports that it polls, made when first needed. */
    public PolledPorts polled() {
        if (polled == null) {
            polled = new PolledPorts();
        }
        return polled;
    }

    /** Somebody sent it an NMI; another one before it was taken means nothing more. */
    public void nmi() {
        nmiPending = true;
    }

    /** Whether an NMI waits for it. */
    public boolean isNmiPending() {
        return nmiPending;
    }

    /** Its timers. */
    public VcpuTimers timers() {
        return timers;
    }

    /** What it did with its time. */
    public Runstates runstates() {
        return runstates;
    }

    /** {@code VCPUOP_initialise}: -EEXIST if it was. */
    public int initialise() {
        if (initialised) {
            return -XenErrno.EEXIST;
        }
        initialised = true;
        return 0;
    }

    /** {@code VCPUOP_up}: -EINVAL if it was not initialised. */
    public int up() {
        if (!initialised) {
            return -XenErrno.EINVAL;
        }
        if (vcpu.isDown()) {
            enter(Runstate.RUNNING);
            timers.stand(false);
            vcpu.down(false);
        }
        return 0;
    }

    /** {@code VCPUOP_down}. The last vCPU that goes down takes the domain with it. */
    public int down() {
        boolean last = true;
        for (int id = 0; id < domain.vcpus(); id++) {
            last &= id == vcpu.id() || domain.vcpu(id).isDown();
        }
        if (last) {
            domain.shutdown(ShutdownReason.POWEROFF.code());
        } else if (!vcpu.isDown()) {
            vcpu.down(true);
            timers.stand(true);
            enter(Runstate.OFFLINE);
        }
        return 0;
    }

    /** It waits in a hypercall from now on, or does not any more. */
    public void waits(boolean value) {
        enter(value ? Runstate.BLOCKED : Runstate.RUNNING);
    }

    private void enter(int state) {
        runstates.enter(state);
        copyRunstate();
    }

    /**
     * {@code VCPUOP_register_runstate_memory_area}.
     *
     * @param address guest-physical, any 64 bits
     */
    public int runstateArea(long address) {
        long at = pin(address, VcpuRunstateInfo.SIZE);
        if (at < 0) {
            return (int) at;
        }
        unpin(runstateArea);
        runstateArea = at;
        copyRunstate();
        return 0;
    }

    /**
     * Keeps a structure's page in place, whatever the guest does to its map.
     *
     * @return where it is in the memory's bytes, or -EFAULT outside RAM, -EINVAL if it is not aligned or crosses a page's end
     */
    private long pin(long address, int size) {
        if (!domain.memory().isAccessible(address, size)) {
            return -XenErrno.EFAULT;
        }
        long offset = address % DomainLayout.PAGE_SIZE;
        if (address % Long.BYTES != 0 || offset > DomainLayout.PAGE_SIZE - size) {
            return -XenErrno.EINVAL;
        }
        long page = domain.memory().pinWritable(address / DomainLayout.PAGE_SIZE);
        return page < 0 ? -XenErrno.EFAULT : page + offset;
    }

    private void unpin(long at) {
        if (at != NOWHERE) {
            domain.memory().unpinWritable(at);
        }
    }

    /** Writes the guest's copy of the runstate, if it has one: marked while it is written, for guests that asked for that. */
    void copyRunstate() {
        if (runstateArea == NOWHERE) {
            return;
        }
        MemorySegment memory = domain.memory().segment();
        long entry = runstateArea + VcpuRunstateInfo.STATE_ENTRY_TIME;
        boolean marked = domain.marksRunstateUpdates();
        if (marked) {
            LONG.setOpaque(memory, entry, (long) LONG.getOpaque(memory, entry) | RUNSTATE_UPDATE);
            VarHandle.storeStoreFence();
        }
        runstates.write(memory, runstateArea, marked ? RUNSTATE_UPDATE : 0);
        if (marked) {
            LONG.setRelease(memory, entry, (long) LONG.getOpaque(memory, entry) & ~RUNSTATE_UPDATE);
        }
    }

    /**
     * {@code VCPUOP_register_vcpu_time_memory_area}.
     *
     * @param address guest-physical, any 64 bits
     */
    public int timeArea(long address) {
        long at = pin(address, VcpuTimeInfo.SIZE);
        if (at < 0) {
            return (int) at;
        }
        systemClock.second(clock, new VcpuClock.Place(domain.memory().segment(), at));
        unpin(timeArea);
        timeArea = at;
        return 0;
    }

    /**
     * {@code VCPUOP_register_vcpu_info}: moves the vcpu_info, once. What was pending stays so, and everything counts as
     * pending afterwards, because a sender may just be writing to the old place.
     *
     * @param frame any 64 bits
     * @param offset in the frame, unsigned
     * @param caller the vCPU that asks: itself, or another if this one is down
     */
    public int moveInfo(long frame, int offset, int caller) {
        boolean fits = Integer.compareUnsigned(offset, DomainLayout.PAGE_SIZE - VcpuInfo.SIZE) <= 0;
        boolean exists = frame >= 0 && frame < domain.memory().layout().ramPages();
        if (infoArea != NOWHERE || !exists || !fits || caller != vcpu.id() && !vcpu.isDown()) {
            return -XenErrno.EINVAL;
        }
        long at = pin(frame * DomainLayout.PAGE_SIZE + offset, VcpuInfo.SIZE);
        if (at < 0) {
            return -XenErrno.EINVAL;
        }
        infoArea = at;
        Vcpu.Info from = vcpu.info();
        Vcpu.Info to = new Vcpu.Info(domain.memory().segment(), at);
        systemClock.move(clock, new VcpuClock.Place(to.memory(), VcpuInfo.time(to.at())), () -> {
            MemorySegment.copy(from.memory(), from.at(), to.memory(), to.at(), VcpuInfo.SIZE);
            vcpu.info(to);
        });
        VarHandle.fullFence();
        for (int word = 0; word < SharedInfo.EVTCHN_WORDS; word++) {
            VcpuInfo.testAndSetPendingSelVolatile(to.memory(), to.at(), word);
        }
        vcpu.upcall();
        return 0;
    }

    /** Nothing comes any more. In the domain's thread, or when there is none any more. */
    void stop() {
        timers.stop();
    }

    /** Nobody writes the clock or the runstate any more. When nobody else uses the domain; idempotent. */
    void close() {
        systemClock.remove(clock);
        unpin(runstateArea);
        unpin(timeArea);
        unpin(infoArea);
        runstateArea = NOWHERE;
        timeArea = NOWHERE;
        infoArea = NOWHERE;
    }
}
