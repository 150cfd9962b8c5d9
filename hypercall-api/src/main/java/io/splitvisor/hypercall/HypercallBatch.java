// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Hypercalls that are published together, with one store and at most one doorbell. The owner adds calls, submits them,
 * goes on with other work if it likes, waits, and takes the results by index; after {@link #clear} the batch serves
 * again. Nothing is allocated after construction, except by {@link #submitAsync}.
 *
 * <p>The batch is its own handle: {@link #await} waits, {@link #poll} looks, {@link #onComplete} calls back,
 * {@link #submitAsync} makes a future. Calls of one vCPU are executed in the order in which they were submitted, and each
 * has its own result. A ring without room answers {@link #trySubmit} with false.
 *
 * <p>Belongs to one thread at a time; {@link #cancel} may come from any. The argument structures lie in guest memory that
 * belongs to the batch, {@value #ARGUMENT_BYTES} bytes for each call, and hold the monitor's answers after completion.
 */
public final class HypercallBatch {
    /** Bytes of guest memory for each call's argument structure. */
    public static final int ARGUMENT_BYTES = 64;

    /** Words staged for each call: operation, then arguments. */
    private static final int STAGED_WORDS = 1 + MulticallEntry.NR_ARGS;

    /** An operation that the monitor does not know, and so does nothing for: what a cancelled entry becomes. */
    static final long CANCELLED = -1;

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
    private final MemoryCalls mem = new MemoryCalls(this);
    private final DomainCalls domain = new DomainCalls(this);
    private final PagingCalls paging = new PagingCalls(this);
    private int count;
    private int state = EMPTY;

    // Written with the ring's lock held; completion is published by the release store.
    private int published;
    private int completed;
    /** Results that come through the ring: all, unless the batch is cut short. */
    private int toCome;

    private boolean cancelled;
    /** Set with release, read with acquire: a whole hypercall costs little more than a fence. */
    private final AtomicBoolean complete = new AtomicBoolean(true);

    private volatile Thread waiter;
    private Consumer<HypercallBatch> listener;
    private CompletableFuture<HypercallBatch> future;

    /** Link in the ring's list of batches whose listeners are to be called. */
    HypercallBatch nextFinished;

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

    /** Adds operations on this domain's memory. */
    public MemoryCalls mem() {
        return mem;
    }

    /** Adds the small operations on this domain. */
    public DomainCalls domain() {
        return domain;
    }

    /** Adds operations on page tables. */
    public PagingCalls paging() {
        return paging;
    }

    /** Guest-physical memory. */
    MemorySegment memory() {
        return memory;
    }

    /**
     * Adds a fence: when its result is there, all calls that were submitted before it on this vCPU are done, and their
     * results are published, even if the batch goes on. It is a {@code SCHEDOP_yield}, which ends the vCPU's turn.
     *
     * @return its index, for {@link #completed} and {@link #result}
     */
    public int fence() {
        return sched.yieldProcessor();
    }

    /** Publishes all calls; waits only where the ring has no room for them. An empty batch is complete at once. */
    public void submit() {
        start();
        if (count > 0) {
            ring.submit(this);
        }
    }

    /**
     * Publishes all calls, or none: then the ring has no room at present, and the caller may try again.
     *
     * @throws IllegalStateException if the batch was submitted, or is larger than the ring
     */
    public boolean trySubmit() {
        if (count > ring.slots()) {
            throw new IllegalStateException(count + " calls never fit into a ring of " + ring.slots());
        }
        start();
        if (count == 0 || ring.trySubmit(this)) {
            return true;
        }
        state = EMPTY;
        complete.setPlain(true);
        return false;
    }

    /**
     * Publishes all calls, as {@link #submit}.
     *
     * @return completes with this batch when all results are there, in the thread that takes the last one from the ring:
     *     dependents must not block there
     */
    public CompletableFuture<HypercallBatch> submitAsync() {
        CompletableFuture<HypercallBatch> promise = new CompletableFuture<>();
        if (state == EMPTY) {
            future = promise;
        }
        submit();
        if (count == 0) {
            finish();
        }
        return promise;
    }

    private void start() {
        if (state != EMPTY) {
            throw new IllegalStateException("the batch was submitted");
        }
        state = SUBMITTED;
        if (count > 0) {
            published = 0;
            completed = 0;
            toCome = count;
            cancelled = false;
            // Published with the requests: by the ring's lock.
            complete.setPlain(false);
        }
    }

    /**
     * Sets what is called whenever the batch completes, in the thread that takes the last result from the ring; null for
     * nothing. It must not block. To be set while the batch is not under way.
     */
    public void onComplete(Consumer<HypercallBatch> action) {
        requireIdle();
        listener = action;
    }

    /**
     * Cancels the calls that the monitor has not begun yet: their results are -EINTR. The others are done, and have the
     * results that they have. Any thread; wait for completion as usual.
     */
    public void cancel() {
        ring.cancel(this);
    }

    /** Whether all results are there. Does not look into the ring; see {@link #poll}. */
    public boolean isComplete() {
        return complete.getAcquire();
    }

    /** Takes what results have come, and tells whether the batch is complete. Never waits. */
    public boolean poll() {
        if (!isComplete() && ring.hasResponses()) {
            ring.takeResponses();
        }
        return isComplete();
    }

    /** How many results are there: those of the calls below this index. */
    public int completed() {
        return isComplete() ? count : ring.completedOf(this);
    }

    /** Waits for all results, first spinning as long as that has paid lately, then asleep. */
    public void await() {
        await(HypercallWait.ADAPTIVE);
    }

    /** Waits for all results in a way that the caller chooses. */
    public void await(HypercallWait how) {
        if (!isComplete()) {
            ring.await(this, how, Long.MAX_VALUE);
        }
    }

    /**
     * Waits for all results, but not for ever.
     *
     * @return whether they are there; if not, the batch is still under way
     */
    public boolean await(HypercallWait how, Duration atMost) {
        if (!isComplete()) {
            ring.await(this, how, atMost.toNanos());
        }
        return isComplete();
    }

    /** {@link #submit}, then {@link #await}. */
    public void run() {
        run(HypercallWait.ADAPTIVE);
    }

    /** {@link #submit}, then {@link #await(HypercallWait)}, for less than the two of them. */
    public void run(HypercallWait how) {
        start();
        if (count > 0) {
            ring.run(this, how);
        }
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
        if (state != SUBMITTED || !isComplete()) {
            throw new IllegalStateException("the batch is not complete");
        }
    }

    /**
     * Forgets all calls.
     *
     * @throws IllegalStateException if some are under way
     */
    public void clear() {
        requireIdle();
        count = 0;
        state = EMPTY;
    }

    private void requireIdle() {
        if (!isComplete()) {
            throw new IllegalStateException("the batch is under way");
        }
    }

    /** A word staged for a call: 0 is the operation, 1 to 3 are arguments. */
    long staged(int index, int word) {
        return staged[index * STAGED_WORDS + word];
    }

    // The following with the ring's lock held.

    int published() {
        return published;
    }

    void published(int calls) {
        published = calls;
    }

    /** Results so far. */
    int results() {
        return completed;
    }

    boolean cancelled() {
        return cancelled;
    }

    void markCancelled() {
        cancelled = true;
    }

    /** The next result, in order; whether it was the last one. */
    boolean complete(long result) {
        results[completed++] = cancelled && result == -XenErrno.ENOSYS ? -XenErrno.EINTR : result;
        return completed == toCome;
    }

    /** What has not been published never will be, and fails; whether that was all there was to wait for. */
    boolean cutShort(int errno) {
        Arrays.fill(results, published, toCome, -errno);
        toCome = published;
        return completed == toCome;
    }

    /** Whether calls are left to publish. */
    boolean hasUnpublished() {
        return published < toCome;
    }

    /** Calls left to publish. */
    int unpublished() {
        return toCome - published;
    }

    /**
     * The last result has come: the batch is its owner's again. With the ring's lock held, which a waiter takes between
     * naming himself and his last look.
     */
    void publishCompletion() {
        complete.setRelease(true);
        unparkWaiter();
    }

    private void unparkWaiter() {
        Thread parked = waiter;
        if (parked != null) {
            LockSupport.unpark(parked);
        }
    }

    /**
     * Completes a batch with listeners, and calls them; without the lock. Whom to call is looked up first: once complete,
     * the batch is the owner's, who may submit it again.
     */
    void finish() {
        CompletableFuture<HypercallBatch> promise = future;
        Consumer<HypercallBatch> action = listener;
        future = null;
        // Volatile: without the lock the fence is needed between this and the look at the waiter.
        complete.set(true);
        unparkWaiter();
        if (action != null) {
            action.accept(this);
        }
        if (promise != null) {
            promise.complete(this);
        }
    }

    /** Whether {@link #finish} has to complete it. */
    boolean hasListener() {
        return listener != null || future != null;
    }

    /** Whom completion unparks; null for nobody. */
    void waiter(Thread thread) {
        waiter = thread;
    }
}
