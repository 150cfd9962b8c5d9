// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.mmu.PagingControls;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A vCPU as far as memory is concerned: an MMU, the address space that is in force, and access to memory through both. Loads
 * and stores are little-endian, of any alignment. What is not there is brought in; a fault that memory management has no
 * answer to goes to the address space's handler, and ends the access with {@link PageFault.Unhandled} if that gives up.
 *
 * <p>Belongs to one thread at a time. A thread that stops touching memory for long says so ({@link #idle}, {@link #leave}):
 * until then other processors wait for it to answer when they change what it may hold.
 */
public final class Processor {
    private final AddressSpaces spaces;
    private final int vcpu;
    private final Mmu mmu;
    private final KernelAccess kernel;
    private final TableUpdates updates;
    private final Gather gather;
    private final Mailbox mailbox = new Mailbox(this);
    private final MmuReport report;
    /** By PCID, how many flushes its address space had seen when it was last in force here. */
    private final long[] known = new long[4096];

    private volatile AddressSpace space;
    private Privilege privilege = Privilege.USER;
    private long accesses;

    Processor(AddressSpaces spaces, int vcpu) {
        this.spaces = spaces;
        this.vcpu = vcpu;
        this.mmu = ModeMmu.create(spaces, vcpu);
        this.kernel = new KernelAccess(mmu);
        this.updates = spaces.newUpdates(this);
        this.gather = new Gather(this, spaces);
        this.report = new MmuReport(mmu, ModeMmu.control(spaces, vcpu));
        Arrays.fill(known, -1);
    }

    /** Begins to run, in the kernel's own address space. */
    void start() {
        mmu.controls(ModeMmu.CONTROLS);
        spaces.registerRoot(this);
        load(spaces.kernel().root(), 0, false);
        privilege(Privilege.USER);
    }

    /** Its vCPU's number. */
    public int vcpu() {
        return vcpu;
    }

    /** The address space in force; null for none. */
    public AddressSpace space() {
        return space;
    }

    Mmu mmu() {
        return mmu;
    }

    /** Memory as the kernel has mapped it. */
    KernelAccess kernel() {
        return kernel;
    }

    TableUpdates updates() {
        return updates;
    }

    Gather gather() {
        return gather;
    }

    /** Page faults, resolved or not, so far. */
    public long faults() {
        return mmu.faults();
    }

    /** Figures of its MMU up to now. */
    public MmuReport report() {
        report.publish(accesses);
        return report;
    }

    /** Chooses in whose name memory is touched; user mode's at first. */
    public void privilege(Privilege chosen) {
        privilege = chosen;
        mmu.bank(chosen.bank());
    }

    /** In whose name memory is touched. */
    public Privilege privilege() {
        return privilege;
    }

    /** Loads control registers: the rules of paging, and forgets all translations. 4-level tables and CR0.WP have to stay. */
    public void controls(PagingControls controls) {
        if (controls.format() != PagingControls.Format.LEVELS4 || !controls.writeProtect()) {
            throw new IllegalArgumentException("memory management needs 4-level tables and CR0.WP");
        }
        mmu.controls(controls);
    }

    /** INVLPG: the translation of an address is looked up again. Memory management does this by itself. */
    public void invalidate(long address) {
        mmu.invalidate(address);
    }

    /** Goes on in an address space: a context switch. */
    public void enter(AddressSpace next) {
        attend();
        remember();
        // Before the look at its flushes: a shootdown sees that this processor may hold it, or its flush is seen here.
        space = next;
        boolean keep = known[next.pcid()] == next.flushes();
        load(next.tables().root(), next.pcid(), keep);
    }

    /** Goes on in no address space: only what the kernel has mapped is there. */
    public void leave() {
        attend();
        remember();
        load(spaces.kernel().root(), 0, true);
        space = null;
        report.publish(accesses);
    }

    private void remember() {
        AddressSpace last = space;
        if (last != null) {
            known[last.pcid()] = last.flushes();
            attend();
        }
    }

    private void load(int root, int pcid, boolean keep) {
        updates.load(root);
        mmu.select(pcid, keep);
    }

    /** Its PCID will be another address space's. */
    void forgetSpace(AddressSpace gone) {
        known[gone.pcid()] = -1;
    }

    /** Does something that touches no memory of an address space, and may wait; shootdowns do not wait for it. */
    public void idle(Runnable task) {
        goIdle();
        try {
            task.run();
        } finally {
            resume();
        }
    }

    /** Stops to answer shootdowns, and must not touch memory, until {@link #resume}. */
    public void goIdle() {
        report.publish(accesses);
        mailbox.idle(true);
    }

    /** Ends {@link #goIdle}. */
    public void resume() {
        mailbox.idle(false);
        attend();
    }

    boolean isIdle() {
        return mailbox.isIdle();
    }

    /** Makes the processor look what there is for it, at its next access; any thread. */
    public void interrupt() {
        mailbox.interrupt();
    }

    /** Does what other processors have asked for. */
    void attend() {
        if (mailbox.isWanted()) {
            mailbox.attend();
            mmu.settle();
        }
    }

    /** Waits until its MMU has done what the monitor has asked of it by now, or it is idle and will do that first. */
    void awaitFlush() {
        MemorySegment monitor = spaces.monitor();
        MemorySegment control = ModeMmu.control(spaces, vcpu);
        long flush = MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.FLUSH);
        long invalidate = MonitorHeader.vcpuAcquire(monitor, vcpu, MonitorHeader.INVALIDATE);
        mailbox.await(() -> MmuFigures.getAcquire(control, MmuFigures.SEEN_FLUSH) >= flush
                && MmuFigures.getAcquire(control, MmuFigures.SEEN_INVALIDATE) >= invalidate);
    }

    Mailbox mailbox() {
        return mailbox;
    }

    /** Forgets translations of an address space, if it is the one in force; others are compared when they come back. */
    void forget(AddressSpace changed, long[] addresses, int count) {
        if (changed != space) {
            return;
        }
        if (count == Shootdown.ALL) {
            updates.flush(changed.tables().root());
            mmu.tlb().flushLocal();
            return;
        }
        for (int i = 0; i < count; i++) {
            mmu.invalidate(addresses[i]);
        }
    }

    // Access to memory.

    /** Loads a byte, 0 to 255. */
    public int getByte(long address) {
        while (true) {
            poll();
            try {
                return (int) mmu.load8(address);
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Loads four bytes. */
    public int getInt(long address) {
        while (true) {
            poll();
            try {
                return (int) mmu.load32(address);
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Loads eight bytes. */
    public long getLong(long address) {
        while (true) {
            poll();
            try {
                return mmu.load64(address);
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Stores a byte, the low one. */
    public void putByte(long address, int value) {
        while (true) {
            poll();
            try {
                mmu.store8(address, value);
                return;
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Stores four bytes. */
    public void putInt(long address, int value) {
        while (true) {
            poll();
            try {
                mmu.store32(address, value);
                return;
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Stores eight bytes. */
    public void putLong(long address, long value) {
        while (true) {
            poll();
            try {
                mmu.store64(address, value);
                return;
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Sets eight aligned bytes if they are as expected, in one step, also as other processors see it. */
    public boolean compareAndSet(long address, long expected, long value) {
        while (true) {
            poll();
            try {
                return mmu.atomics().compareAndSet64(address, expected, value);
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    /** Faults if an instruction could not be fetched. */
    public void fetch(long address) {
        while (true) {
            poll();
            try {
                mmu.fetch(address);
                return;
            } catch (GuestFault e) {
                handle(e);
            }
        }
    }

    private void poll() {
        accesses++;
        if (mailbox.isWantedOpaque()) {
            attend();
        }
    }

    /** Returns if the access may be tried again. */
    private void handle(GuestFault raised) {
        if (raised.kind() != GuestFault.Kind.EXCEPTION) {
            throw new IllegalArgumentException(
                    "address " + Long.toHexString(raised.address()) + " is not canonical: #GP");
        }
        PageFault fault = new PageFault(raised.address(), raised.error());
        AddressSpace current = space;
        if (current == null) {
            throw new PageFault.Unhandled(fault);
        }
        boolean gone;
        // Both looks under the lock: in between, another processor could have brought the fault back.
        try (Gather kernel = gather.open(current)) {
            gone = current.resolve(kernel, fault.address(), fault.error()) || !faultsStill(fault);
        }
        if (gone || current.handler().handle(this, fault)) {
            return;
        }
        throw new PageFault.Unhandled(fault);
    }

    /** Whether the same access faults in the same way: another processor may have resolved it meanwhile. */
    private boolean faultsStill(PageFault fault) {
        mmu.bank(privilege.bank());
        try {
            if ((fault.error() & PageFault.WRITE) != 0) {
                mmu.probeStore(fault.address(), 1);
            } else if ((fault.error() & PageFault.FETCH) != 0) {
                mmu.fetch(fault.address());
            } else {
                mmu.probeLoad(fault.address(), 1);
            }
            return false;
        } catch (GuestFault again) {
            return again.error() == fault.error();
        } finally {
            mmu.bank(Privilege.KERNEL.bank());
        }
    }
}
