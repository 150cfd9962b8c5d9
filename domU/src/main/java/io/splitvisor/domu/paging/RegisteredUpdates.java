// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuExtRequest;
import io.splitvisor.abi.MmuUpdate;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.hypercall.HypercallBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntFunction;

/**
 * Tables changed by hypercalls, and read where they lie. Between {@link #begin} and {@link #end} changes are collected and
 * made by one {@code mmu_update}, as Linux does in its lazy mode; what is read then is what will stand there. While the
 * monitor makes many, the next are collected.
 */
final class RegisteredUpdates implements TableUpdates {
    /** Bytes of guest memory for the arrays. */
    static final int BUFFER_BYTES = 2 * UpdateQueue.BUFFER_BYTES + 4096;

    private final Processor processor;
    private final Machine machine;
    private final KernelMap kernel;
    private final MemorySegment memory;
    private final long extended;
    private final PagingOptions options;

    private UpdateQueue collected;

    /** Those before them, under way or done. */
    private UpdateQueue sent;

    private int depth;

    // The table that changed last, and where the machine has it: until all changes are made.
    private long nearFrame = -1;
    private long nearAddress;

    /**
     * @param memory guest-physical memory
     * @param batches makes batches, this object's alone, of so many calls
     * @param buffer guest-physical address of {@link #BUFFER_BYTES}
     * @param options whether changes are collected at all, and how to wait
     */
    RegisteredUpdates(
            Processor processor,
            Machine machine,
            KernelMap kernel,
            MemorySegment memory,
            IntFunction<HypercallBatch> batches,
            long buffer,
            PagingOptions options) {
        this.processor = processor;
        this.machine = machine;
        this.kernel = kernel;
        this.memory = memory;
        this.collected = new UpdateQueue(batches.apply(UpdateQueue.CALLS), memory, buffer);
        this.sent = new UpdateQueue(batches.apply(UpdateQueue.CALLS), memory, buffer + UpdateQueue.BUFFER_BYTES);
        this.extended = buffer + 2 * UpdateQueue.BUFFER_BYTES;
        this.options = options;
    }

    @Override
    public boolean largePages() {
        return false;
    }

    @Override
    public long get(long at) {
        int slot = collected.find(at);
        if (slot != UpdateQueue.NONE) {
            return collected.value(slot);
        }
        slot = sent.find(at);
        return slot != UpdateQueue.NONE
                ? sent.value(slot)
                : machine.toPhysical(processor.kernel().load(at));
    }

    @Override
    public long named(long raw) {
        return machine.toPhysical(raw);
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
        if (collected.isFull()) {
            send();
        }
        collected.add(at, entry, machineAddress(at) | command, machine.toMachine(entry));
        if (depth == 0 || !options.lazy()) {
            submit();
        }
    }

    /** Entries come in the order in which they stand in tables. */
    private long machineAddress(long at) {
        long frame = at >>> PageTableEntry.PAGE_SHIFT;
        if (frame != nearFrame) {
            nearAddress = machine.address(frame << PageTableEntry.PAGE_SHIFT);
            nearFrame = frame;
        }
        return nearAddress | at & (1 << PageTableEntry.PAGE_SHIFT) - 1;
    }

    /** What is collected goes to the monitor, behind what went before; that is waited for. */
    private void send() {
        UpdateQueue before = sent;
        sent = collected;
        collected = before;
        sent.submit();
        finish(before);
    }

    private void finish(UpdateQueue queue) {
        if (queue.isEmpty()) {
            return;
        }
        long failed = queue.finish(options.waiting());
        processor.mmu().settle();
        if (failed != 0) {
            throw new IllegalStateException("page tables: the monitor refuses: " + XenErrno.nameOf(failed));
        }
    }

    private void submit() {
        nearFrame = -1;
        if (sent.isEmpty()) {
            finish(collected);
            return;
        }
        if (!collected.isEmpty()) {
            send();
        }
        finish(sent);
    }

    /** An extended operation, after all changes so far. */
    private void extended(int command, long page) {
        extended(command, page, 0);
    }

    private void extended(int command, long first, long second) {
        MmuExtRequest.cmd(memory, extended, command);
        MmuExtRequest.arg1Mfn(memory, extended, first);
        MmuExtRequest.arg2Vcpumask(memory, extended, second);
        collected.addExtended(extended);
        submit();
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
