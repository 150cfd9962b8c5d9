// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Changes of registered entries that go to the monitor by one call: collected, then under way. Until they are done it is here
 * that one finds what an entry will be.
 */
final class UpdateQueue {
    /** Changes that one call makes. */
    static final int MOST = 256;

    /** Calls in its batch: the changes, and an extended operation. */
    static final int CALLS = 2;

    /** Bytes of guest memory for the changes. */
    static final int BUFFER_BYTES = MOST * MmuUpdateRequest.SIZE;

    /** {@link #find} of an entry that stays as it is. */
    static final int NONE = -1;

    private static final int MASK = 4 * MOST - 1;

    private final HypercallBatch batch;
    private final MemorySegment memory;
    private final long buffer;

    // A hash table of the last value by the entry's address, which is never 0.
    private final long[] keys = new long[MASK + 1];
    private final long[] values = new long[MASK + 1];
    private int count;

    /** An extended operation that follows the changes; 0 for none. */
    private long extended;

    private boolean underWay;

    /**
     * @param batch of {@link #CALLS} calls, this object's alone
     * @param memory guest-physical memory
     * @param buffer guest-physical address of {@link #BUFFER_BYTES}
     */
    UpdateQueue(HypercallBatch batch, MemorySegment memory, long buffer) {
        this.batch = batch;
        this.memory = memory;
        this.buffer = buffer;
    }

    boolean isEmpty() {
        return count == 0 && extended == 0;
    }

    boolean isFull() {
        return count == MOST;
    }

    /** Where an entry, by its guest-physical address, is among those that change; {@link #NONE} if it is not. */
    int find(long at) {
        if (count == 0) {
            return NONE;
        }
        int slot = slot(at);
        return keys[slot] == at ? slot : NONE;
    }

    /** What an entry that was found will be. */
    long value(int slot) {
        return values[slot];
    }

    private int slot(long at) {
        int slot = (int) (at >>> 3 ^ at >>> 12) & MASK;
        while (keys[slot] != 0 && keys[slot] != at) {
            slot = slot + 1 & MASK;
        }
        return slot;
    }

    /**
     * Adds a change.
     *
     * @param at guest-physical address of the entry
     * @param entry what it will be, for {@link #value}
     * @param ptr the first word of {@code mmu_update}
     * @param val the second
     */
    void add(long at, long entry, long ptr, long val) {
        long request = buffer + (long) count * MmuUpdateRequest.SIZE;
        MmuUpdateRequest.ptr(memory, request, ptr);
        MmuUpdateRequest.val(memory, request, val);
        int slot = slot(at);
        keys[slot] = at;
        values[slot] = entry;
        count++;
    }

    /** Adds an operation that follows the changes, by the guest-physical address of its structure. */
    void addExtended(long operation) {
        extended = operation;
    }

    /** Asks the monitor for all of it, and does not wait. */
    void submit() {
        stage();
        batch.submit();
        underWay = true;
    }

    private void stage() {
        if (count > 0) {
            batch.paging().mmuUpdate(buffer, count, 0, DomId.SELF);
        }
        if (extended != 0) {
            batch.paging().mmuExtOp(extended, 1, 0, DomId.SELF);
        }
    }

    /**
     * Waits until all of it is done, having asked for it if nobody has, and begins anew.
     *
     * @return 0, or the first error
     */
    long finish(HypercallWait how) {
        if (underWay) {
            batch.await(how);
        } else {
            stage();
            batch.run(how);
        }
        long failed = 0;
        for (int call = 0; call < batch.size() && failed == 0; call++) {
            failed = batch.result(call);
        }
        batch.clear();
        if (count > 0) {
            Arrays.fill(keys, 0);
        }
        count = 0;
        extended = 0;
        underWay = false;
        return failed;
    }
}
