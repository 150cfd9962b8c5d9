// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import java.util.Arrays;

/**
 * A processor's stay in the kernel: it holds the memory management's lock, changes tables, and collects what TLBs have to
 * forget and what is free once they have. Closing it does all that, in this order: the changes are in force, the TLBs are
 * flushed, the frames are freed.
 */
final class Gather implements AutoCloseable {
    /** More addresses than these, and everything is flushed. */
    private static final int MOST_ADDRESSES = 32;

    private final Processor processor;
    private final AddressSpaces spaces;
    private final long[] addresses = new long[MOST_ADDRESSES];
    private int[] freed = new int[64];
    private AddressSpace space;
    private int count;
    private int freedCount;
    private int tables;
    private int bank;

    Gather(Processor processor, AddressSpaces spaces) {
        this.processor = processor;
        this.spaces = spaces;
    }

    /** Begins, for changes of one address space's tables. */
    Gather open(AddressSpace changed) {
        spaces.lock(processor);
        space = changed;
        bank = processor.mmu().bank();
        processor.mmu().bank(Privilege.KERNEL.bank());
        processor.updates().begin();
        return this;
    }

    Processor processor() {
        return processor;
    }

    /** A translation is gone, or allows less. */
    void flush(long address) {
        if (count < MOST_ADDRESSES) {
            addresses[count] = address;
        }
        count++;
    }

    /** A block of frames has a user less. */
    void free(int frame) {
        freed = freedCount == freed.length ? Arrays.copyOf(freed, 2 * freedCount) : freed;
        freed[freedCount++] = frame;
    }

    /** A table is empty and leads nowhere. Tables come first in the list. */
    void freeTable(int frame) {
        free(frame);
        freed[freedCount - 1] = freed[tables];
        freed[tables++] = frame;
    }

    @Override
    public void close() {
        try {
            processor.updates().end();
            flushNow();
            processor.updates().begin();
            for (int i = 0; i < tables; i++) {
                spaces.freeTable(processor, freed[i]);
            }
            processor.updates().end();
            for (int i = tables; i < freedCount; i++) {
                spaces.frames().release(freed[i]);
            }
        } finally {
            freedCount = 0;
            tables = 0;
            count = 0;
            processor.mmu().bank(bank);
            spaces.unlock();
        }
    }

    /** Flushes what was collected so far, with all changes in force. */
    void flushNow() {
        if (count > 0) {
            spaces.shootdown().flush(processor, space, addresses, count <= MOST_ADDRESSES ? count : Shootdown.ALL);
            count = 0;
        }
    }

    /** Makes what was changed so far count, and goes on. */
    void settle() {
        processor.updates().end();
        flushNow();
        processor.updates().begin();
    }
}
