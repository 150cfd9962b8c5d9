// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.abi.paging.PageTableEntry.WRITABLE;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuExtRequest;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameTypes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A guest with registered page tables, and what its kernel would do. Its arguments lie in its first page. */
final class RegisteredGuest {
    static final int PAGES = 1024;
    static final int L4 = 100;
    static final int L3 = 101;
    static final int L2 = 102;
    static final int L1 = 103;

    /** The first page that {@link #buildTree} maps. */
    static final int DATA = 200;

    static final long RIGHTS = PRESENT | WRITABLE | USER;
    private static final long LIST = 64;
    private static final long DONE = 16;

    final Hypervisor hypervisor;
    final Guest guest;
    final RegisteredPaging paging;
    final FrameTable frames;
    final FrameTypes types;
    final MemorySegment ram;

    RegisteredGuest(Hypervisor hypervisor) {
        this(hypervisor, 1024);
    }

    RegisteredGuest(Hypervisor hypervisor, int poolPages) {
        this.hypervisor = hypervisor;
        this.guest = hypervisor.guest(
                new DomainLayout(PAGES, 2, 2), new PagingConfig(PagingMode.REGISTERED, poolPages, false));
        this.paging = (RegisteredPaging) guest.domain().paging();
        this.frames = guest.domain().memory().frames();
        this.types = frames.types();
        this.ram = guest.memory();
    }

    static long entry(long machine, long flags) {
        return PageTableEntry.of(machine, flags);
    }

    /** Writes an entry as the guest's process can: nobody is asked. */
    void poke(long machine, int index, long entry) {
        ram.set(ValueLayout.JAVA_LONG, machine * 4096 + index * 8L, entry);
    }

    long peek(long machine, int index) {
        return ram.get(ValueLayout.JAVA_LONG, machine * 4096 + index * 8L);
    }

    /** The four tables of one address space, in which the first 16 pages of 4 KiB are mapped from {@link #DATA} on. */
    void buildTree() {
        poke(L4, 0, entry(L3, RIGHTS));
        poke(L3, 0, entry(L2, RIGHTS));
        poke(L2, 0, entry(L1, RIGHTS));
        for (int i = 0; i < 16; i++) {
            poke(L1, i, entry(DATA + i, RIGHTS));
        }
    }

    void stageUpdate(int position, long ptr, long val) {
        MmuUpdateRequest.ptr(ram, LIST + position * 16L, ptr);
        MmuUpdateRequest.val(ram, LIST + position * 16L, val);
    }

    /** {@code mmu_update} of what was staged; {@link #done} tells how many were done. */
    long runUpdates(int count) {
        return runUpdates(count, DomId.SELF);
    }

    long runUpdates(int count, long domid) {
        return runUpdates(LIST, count, domid);
    }

    /** As above, of a list that lies elsewhere. */
    long runUpdates(long list, int count, long domid) {
        ram.set(ValueLayout.JAVA_INT, DONE, -1);
        return hypervisor.call(guest, Hypercall.MMU_UPDATE, list, count, DONE, domid);
    }

    int done() {
        return ram.get(ValueLayout.JAVA_INT, DONE);
    }

    long update(long machine, int index, long entry) {
        stageUpdate(0, machine * 4096 + index * 8L, entry);
        return runUpdates(1);
    }

    long ext(int command, long machine) {
        return ext(command, machine, 0);
    }

    long ext(int command, long machine, long second) {
        stageExt(0, command, machine, second);
        return hypervisor.call(guest, Hypercall.MMUEXT_OP, LIST, 1, DONE, DomId.SELF);
    }

    void stageExt(int position, int command, long machine, long second) {
        long at = LIST + position * 24L;
        MmuExtRequest.cmd(ram, at, command);
        MmuExtRequest.arg1Mfn(ram, at, machine);
        MmuExtRequest.arg2SrcMfn(ram, at, second);
    }

    long pin(int level, long machine) {
        return ext(MmuExtOp.PIN_L1_TABLE + level - 1, machine);
    }

    long unpin(long machine) {
        return ext(MmuExtOp.UNPIN_TABLE, machine);
    }

    /** Makes a call through the ring, slice by slice; answers its result, and how many turns it took in {@link #turns}. */
    long throughRing(HypercallRing ring, long number, long... words) {
        guest.stage(number, words);
        guest.push();
        turns = 0;
        while (true) {
            ring.serve();
            turns++;
            List<Long> results = guest.results();
            if (!results.isEmpty()) {
                return results.getFirst();
            }
        }
    }

    int turns;

    /** What an MMU of this vCPU would find: the last entry of a walk of the copies, 0 if it ends before. */
    long walked(long linear) {
        List<WalkStep> steps = paging.walk(0, linear).stream()
                .filter(step -> step.table().equals("registered"))
                .toList();
        return steps.isEmpty() || !steps.getLast().leaf() ? 0 : steps.getLast().entry();
    }
}
