// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuExtRequest;
import io.splitvisor.abi.MmuUpdate;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Tables changed by hypercalls, and read where they lie. Between {@link #begin} and {@link #end} changes are collected and
 * made by one {@code mmu_update}, as Linux does in its lazy mode; what is read then is what will stand there.
 */
final class RegisteredUpdates implements TableUpdates {
    /** Changes that one call makes. */
    static final int MOST = 512;

    /** Bytes of guest memory for the arrays. */
    static final int BUFFER_BYTES = MOST * MmuUpdateRequest.SIZE + 4096;

    private static final int MASK = 4 * MOST - 1;

    private final Processor processor;
    private final Machine machine;
    private final KernelMap kernel;
    private final MemorySegment memory;
    private final HypercallBatch batch;
    private final long updates;
    private final long extended;
    private final PagingOptions options;

    // What is collected, by the entry's address: a hash table of the last value, emptied with the queue.
    private final long[] keys = new long[MASK + 1];
    private final long[] values = new long[MASK + 1];
    private int count;
    private int depth;

    /**
     * @param memory guest-physical memory
     * @param batch of two calls, this object's alone
     * @param buffer guest-physical address of {@link #BUFFER_BYTES}
     * @param options whether changes are collected at all, and how to wait
     */
    RegisteredUpdates(
            Processor processor,
            Machine machine,
            KernelMap kernel,
            MemorySegment memory,
            HypercallBatch batch,
            long buffer,
            PagingOptions options) {
        this.processor = processor;
        this.machine = machine;
        this.kernel = kernel;
        this.memory = memory;
        this.batch = batch;
        this.updates = buffer;
        this.extended = buffer + MOST * MmuUpdateRequest.SIZE;
        this.options = options;
    }

    @Override
    public boolean largePages() {
        return false;
    }

    @Override
    public long get(long at) {
        int slot = find(at);
        return keys[slot] == at ? values[slot] : machine.toPhysical(processor.kernelLoad(at));
    }

    @Override
    public long named(long raw) {
        return machine.toPhysical(raw);
    }

    private int find(long at) {
        int slot = (int) (at >>> 3 ^ at >>> 12) & MASK;
        while (keys[slot] != 0 && keys[slot] != at) {
            slot = slot + 1 & MASK;
        }
        return slot;
    }

    @Override
    public void set(long at, long entry) {
        queue(at, entry, MmuUpdate.NORMAL_PT_UPDATE);
    }

    @Override
    public void setKeepingBits(long at, long entry) {
        queue(at, entry, MmuUpdate.PT_UPDATE_PRESERVE_AD);
    }

    private void queue(long at, long entry, int command) {
        if (count == MOST) {
            submit();
        }
        long request = updates + (long) count * MmuUpdateRequest.SIZE;
        MmuUpdateRequest.ptr(memory, request, machine.address(at) | command);
        MmuUpdateRequest.val(memory, request, machine.toMachine(entry));
        int slot = find(at);
        keys[slot] = at;
        values[slot] = entry;
        count++;
        if (depth == 0 || !options.lazy()) {
            submit();
        }
    }

    private void addUpdates() {
        if (count > 0) {
            batch.paging().mmuUpdate(updates, count, 0, DomId.SELF);
            count = 0;
            Arrays.fill(keys, 0);
        }
    }

    private void submit() {
        addUpdates();
        run();
    }

    /** An extended operation, after all changes so far. */
    private void extended(int command, long page) {
        extended(command, page, 0);
    }

    private void extended(int command, long first, long second) {
        addUpdates();
        MmuExtRequest.cmd(memory, extended, command);
        MmuExtRequest.arg1Mfn(memory, extended, first);
        MmuExtRequest.arg2Vcpumask(memory, extended, second);
        batch.paging().mmuExtOp(extended, 1, 0, DomId.SELF);
        run();
    }

    private void run() {
        if (batch.size() == 0) {
            return;
        }
        batch.run(options.waiting());
        int failed = 0;
        for (int i = 0; i < batch.size(); i++) {
            failed = batch.result(i) != 0 && failed == 0 ? (int) batch.result(i) : failed;
        }
        batch.clear();
        processor.mmu().settle();
        if (failed != 0) {
            throw new IllegalStateException("page tables: the monitor refuses: " + XenErrno.nameOf(failed));
        }
    }

    @Override
    public void adopt(int frame) {
        set(kernel.entry(frame), KernelMap.leaf(frame, false));
    }

    @Override
    public void disown(int frame) {
        set(kernel.entry(frame), KernelMap.leaf(frame, true));
    }

    @Override
    public void register(int root) {
        extended(MmuExtOp.PIN_L4_TABLE, machine.page(root));
    }

    @Override
    public void unregister(int root) {
        extended(MmuExtOp.UNPIN_TABLE, machine.page(root));
    }

    @Override
    public void begin() {
        depth++;
    }

    @Override
    public void end() {
        depth--;
        if (depth == 0) {
            submit();
        }
    }

    @Override
    public void load(int root) {
        extended(MmuExtOp.NEW_BASEPTR, machine.page(root));
    }

    @Override
    public void flushOthers(long mask, long[] addresses, int count) {
        long at = extended + MmuExtRequest.SIZE;
        memory.set(ValueLayout.JAVA_LONG, at, mask);
        boolean single = count == 1;
        extended(single ? MmuExtOp.INVLPG_MULTI : MmuExtOp.TLB_FLUSH_MULTI, single ? addresses[0] : 0, at);
    }

    /** The tables are the monitor's, which changed them itself. */
    @Override
    public void flush(int root) {}
}
