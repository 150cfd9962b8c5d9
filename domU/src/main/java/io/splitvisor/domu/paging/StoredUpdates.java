// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;

/**
 * Tables changed by plain stores, through the kernel's mapping. Under EPT, and without any virtualization, that is all. Under
 * shadow paging a store to a table may trap, which the MMU settles by itself.
 */
final class StoredUpdates implements TableUpdates {
    private static final long BITS = PageTableEntry.ACCESSED | PageTableEntry.DIRTY;

    private final Processor processor;
    private final HypercallBatch batch;
    private final HypercallWait waiting;

    /** @param batch of one call, which is this object's alone */
    StoredUpdates(Processor processor, HypercallBatch batch, HypercallWait waiting) {
        this.processor = processor;
        this.batch = batch;
        this.waiting = waiting;
    }

    @Override
    public boolean largePages() {
        return true;
    }

    @Override
    public long get(long at) {
        return processor.kernel().load(at);
    }

    @Override
    public long named(long raw) {
        return raw;
    }

    @Override
    public void set(long at, long entry) {
        processor.kernel().store(at, entry);
    }

    @Override
    public void setKeepingBits(long at, long entry) {
        long old;
        do {
            old = processor.kernel().load(at);
        } while (!processor.kernel().compareAndSet(at, old, (entry & ~BITS) | (old & BITS)));
    }

    @Override
    public void adopt(int frame) {}

    @Override
    public void disown(int frame) {}

    @Override
    public void register(int root) {}

    @Override
    public void unregister(int root) {}

    @Override
    public void begin() {}

    @Override
    public void end() {}

    @Override
    public void load(int root) {
        processor.mmu().paging().root((long) root << PageTableEntry.PAGE_SHIFT);
    }

    @Override
    public void flushOthers(long mask, long[] addresses, int count) {
        batch.paging().flushTlbs();
        batch.run(waiting);
        long result = batch.result(0);
        batch.clear();
        if (result != 0) {
            throw new IllegalStateException("flush of TLBs: " + XenErrno.nameOf(result));
        }
    }

    /** Loading the root again is what says so: a monitor that keeps shadows hears of it. */
    @Override
    public void flush(int root) {
        load(root);
    }
}
