// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * Hypercalls that are published together, with one store and at most one doorbell. The owner adds calls, submits them,
 * goes on with other work if it likes, waits, and takes the results by index; after {@link #clear} the batch serves
 * again. Nothing is allocated after construction.
 *
 * <p>Belongs to one thread at a time. The argument structures lie in guest memory that belongs to the batch, {@value
 * #ARGUMENT_BYTES} bytes for each call, and hold the monitor's answers after completion.
 */
public final class HypercallBatch {
    /** Bytes of guest memory for each call's argument structure. */
    public static final int ARGUMENT_BYTES = 64;

    /** Words staged for each call: operation, then arguments. */
    private static final int STAGED_WORDS = 1 + MulticallEntry.NR_ARGS;

    private static final int EMPTY = 0;
    private static final int SUBMITTED = 1;

    private final HypercallRing ring;
    private final MemorySegment memory;
    private final long arguments;
    private final long[] staged;
    private final long[] results;
    private final EventChannelCalls evtchn = new EventChannelCalls(this);
    private final GrantTableCalls gnttab = new GrantTableCalls(this);
    private final SchedCalls sched = new SchedCalls(this);
    private final VcpuCalls vcpu = new VcpuCalls(this);
    private final XenVersionCalls version = new XenVersionCalls(this);
    private int count;
    private int state = EMPTY;

    // Written with the ring's lock held; completion is published by the volatile store.
    private int completed;
    private volatile boolean complete = true;
    private volatile Thread waiter;

    /**
     * @param ring where it will be submitted
     * @param capacity most calls at a time; may exceed the ring's slots
     * @param memory guest-physical memory
     * @param arguments guest-physical address of {@code capacity} times {@link #ARGUMENT_BYTES} bytes, 8-aligned
     */
    public HypercallBatch(HypercallRing ring, int capacity, MemorySegment memory, long arguments) {
        Objects.checkFromIndexSize(arguments, (long) capacity * ARGUMENT_BYTES, memory.byteSize());
        this.ring = ring;
        this.memory = memory;
        this.arguments = arguments;
        this.staged = new long[capacity * STAGED_WORDS];
        this.results = new long[capacity];
    }

    /** Most calls at a time. */
    public int capacity() {
        return results.length;
    }

    /** Calls added. */
    public int size() {
        return count;
    }

    /**
     * Adds any hypercall.
     *
     * @param op an {@link Hypercall} number
     * @return the call's index
     * @throws IllegalStateException if the batch is full, or submitted
     */
    public int add(long op, long arg0, long arg1, long arg2, long arg3, long arg4, long arg5) {
        requireRoom();
        int at = count * STAGED_WORDS;
        staged[at] = op;
        staged[at + 1] = arg0;
        staged[at + 2] = arg1;
        staged[at + 3] = arg2;
        staged[at + 4] = arg3;
        staged[at + 5] = arg4;
        staged[at + 6] = arg5;
        return count++;
    }

    /**
     * Adds an operation without a structure, or with what it points to elsewhere in guest memory.
     *
     * @param word1 the word after the command
     * @param word2 the next one
     * @return the call's index
     */
    int add(HypercallOp op, long word1, long word2, long word3) {
        return add(op.number(), op.command(), word1, word2, word3, 0, 0);
    }

    /**
     * Adds an operation whose structure the caller has written to {@link #nextArgument}; an array has this one element.
     *
     * @return the call's index
     */
    int addWithArgument(HypercallOp op) {
        HypercallArgument argument = op.argument();
        boolean array = argument.kind() == HypercallArgument.Kind.ARRAY;
        return add(op.number(), op.command(), argument(count), array ? 1 : 0, 0, 0, 0);
    }

    private void requireRoom() {
        if (state != EMPTY || count == results.length) {
            throw new IllegalStateException(state == EMPTY ? "the batch is full" : "the batch was submitted");
        }
    }

    /** Guest-physical address of the next call's argument structure, zeroed. */
    long nextArgument() {
        requireRoom();
        long at = argument(count);
        for (int offset = 0; offset < ARGUMENT_BYTES; offset += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, at + offset, 0);
        }
        return at;
    }

    /** Guest-physical address of a call's argument structure. */
    public long argument(int index) {
        return arguments + (long) index * ARGUMENT_BYTES;
    }

    /** Adds operations on event channels. */
    public EventChannelCalls evtchn() {
        return evtchn;
    }

    /** Adds operations on grant tables. */
    public GrantTableCalls gnttab() {
        return gnttab;
    }

    /** Adds operations on this vCPU's scheduling, and the domain's end. */
    public SchedCalls sched() {
        return sched;
    }

    /** Adds operations on the domain's vCPUs and their timers. */
    public VcpuCalls vcpu() {
        return vcpu;
    }

    /** Adds questions about the monitor. */
    public XenVersionCalls version() {
        return version;
    }

    /** Guest-physical memory. */
    MemorySegment memory() {
        return memory;
    }

    /** Publishes all calls; waits only where the ring has no room for them. An empty batch is complete at once. */
    public void submit() {
        if (state != EMPTY) {
            throw new IllegalStateException("the batch was submitted");
        }
        state = SUBMITTED;
        if (count > 0) {
            completed = 0;
            complete = false;
            ring.submit(this);
        }
    }

    /** Whether all results are there. Does not look into the ring; see {@link #await}. */
    public boolean isComplete() {
        return complete;
    }

    /** Waits for all results. */
    public void await() {
        if (!complete) {
            ring.await(this);
        }
    }

    /** {@link #submit}, then {@link #await}. */
    public void run() {
        submit();
        await();
    }

    /**
     * The result of a call: negative is a Xen error.
     *
     * @throws IllegalStateException before completion
     */
    public long result(int index) {
        requireComplete(index);
        return results[index];
    }

    /** Guest-physical address of the structure of a completed call. */
    long answer(int index) {
        requireComplete(index);
        return argument(index);
    }

    private void requireComplete(int index) {
        Objects.checkIndex(index, count);
        if (state != SUBMITTED || !complete) {
            throw new IllegalStateException("the batch is not complete");
        }
    }

    /**
     * Forgets all calls.
     *
     * @throws IllegalStateException if some are under way
     */
    public void clear() {
        if (!complete) {
            throw new IllegalStateException("the batch is under way");
        }
        count = 0;
        state = EMPTY;
    }

    /** A word staged for a call: 0 is the operation, 1 to 3 are arguments. */
    long staged(int index, int word) {
        return staged[index * STAGED_WORDS + word];
    }

    /** With the ring's lock held: the next result, in order. */
    void complete(long result) {
        results[completed++] = result;
        if (completed == count) {
            complete = true;
            Thread parked = waiter;
            if (parked != null) {
                LockSupport.unpark(parked);
            }
        }
    }

    /** Whom completion unparks; null for nobody. */
    void waiter(Thread thread) {
        waiter = thread;
    }
}
