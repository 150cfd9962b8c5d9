// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GrantTableOp;
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
    public static final int ARGUMENT_BYTES = 32;

    /** Words staged for each call: operation, then arguments. */
    private static final int STAGED_WORDS = 1 + MulticallEntry.NR_ARGS;

    private static final int EMPTY = 0;
    private static final int SUBMITTED = 1;

    private final HypercallRing ring;
    private final MemorySegment memory;
    private final long arguments;
    private final long[] staged;
    private final long[] results;
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

    private int add(long op, long command, long argument, long length) {
        return add(op, command, argument, length, 0, 0, 0);
    }

    private int addWithStructure(long op, long command) {
        return add(op, command, argument(count), 0);
    }

    private void requireRoom() {
        if (state != EMPTY || count == results.length) {
            throw new IllegalStateException(state == EMPTY ? "the batch is full" : "the batch was submitted");
        }
    }

    /** The argument structure of the next call, zeroed. */
    private long next() {
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

    /** {@code EVTCHNOP_alloc_unbound}: {@link #port} has the answer. */
    public int evtchnAllocUnbound(int remoteDomid) {
        long at = next();
        EvtchnAllocUnbound.dom(memory, at, DomId.SELF);
        EvtchnAllocUnbound.remoteDom(memory, at, remoteDomid);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND);
    }

    /** {@code EVTCHNOP_bind_interdomain}: {@link #localPort} has the answer. */
    public int evtchnBindInterdomain(int remoteDomid, int remotePort) {
        long at = next();
        EvtchnBindInterdomain.remoteDom(memory, at, remoteDomid);
        EvtchnBindInterdomain.remotePort(memory, at, remotePort);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_INTERDOMAIN);
    }

    /** {@code EVTCHNOP_close}. */
    public int evtchnClose(int port) {
        EvtchnClose.port(memory, next(), port);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.CLOSE);
    }

    /** {@code EVTCHNOP_send}. */
    public int evtchnSend(int port) {
        EvtchnSend.port(memory, next(), port);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND);
    }

    /** {@code EVTCHNOP_unmask}. */
    public int evtchnUnmask(int port) {
        EvtchnUnmask.port(memory, next(), port);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.UNMASK);
    }

    /** {@code EVTCHNOP_status}: {@link #portStatus} has the answer. */
    public int evtchnStatus(int port) {
        long at = next();
        EvtchnStatus.dom(memory, at, DomId.SELF);
        EvtchnStatus.port(memory, at, port);
        return addWithStructure(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.STATUS);
    }

    /** {@code GNTTABOP_query_size}: {@link #grantTableSize} has the answer. */
    public int gnttabQuerySize() {
        GnttabQuerySize.dom(memory, next(), DomId.SELF);
        return grantTableOp(GrantTableOp.QUERY_SIZE);
    }

    /**
     * {@code GNTTABOP_setup_table}: {@link #setupTableStatus} has the answer.
     *
     * @param frameList guest-physical address of the array for the frame numbers, 8 bytes each
     */
    public int gnttabSetupTable(int frames, long frameList) {
        long at = next();
        GnttabSetupTable.dom(memory, at, DomId.SELF);
        GnttabSetupTable.nrFrames(memory, at, frames);
        GnttabSetupTable.frameList(memory, at, frameList);
        return grantTableOp(GrantTableOp.SETUP_TABLE);
    }

    /** {@code GNTTABOP_get_version}: {@link #grantTableVersion} has the answer. */
    public int gnttabGetVersion() {
        GnttabGetVersion.dom(memory, next(), DomId.SELF);
        return grantTableOp(GrantTableOp.GET_VERSION);
    }

    private int grantTableOp(int command) {
        // A grant table operation takes an array of structures; its length is the third argument.
        return add(Hypercall.GRANT_TABLE_OP, command, argument(count), 1);
    }

    /** {@code SCHEDOP_yield}. */
    public int schedYield() {
        return add(Hypercall.SCHED_OP, SchedOp.YIELD, 0, 0);
    }

    /** {@code SCHEDOP_block}: completes when an event is pending. */
    public int schedBlock() {
        return add(Hypercall.SCHED_OP, SchedOp.BLOCK, 0, 0);
    }

    /**
     * {@code SCHEDOP_poll}: completes when a port is pending.
     *
     * @param ports guest-physical address of the array of ports, 4 bytes each
     * @param timeout absolute time in nanoseconds of the domain's system time; 0 for none
     */
    public int schedPoll(long ports, int count, long timeout) {
        long at = next();
        SchedPoll.ports(memory, at, ports);
        SchedPoll.nrPorts(memory, at, count);
        SchedPoll.timeout(memory, at, timeout);
        return addWithStructure(Hypercall.SCHED_OP, SchedOp.POLL);
    }

    /** {@code SCHEDOP_shutdown} with the code of an {@link io.splitvisor.abi.ShutdownReason}. */
    public int schedShutdown(int reason) {
        SchedShutdown.reason(memory, next(), reason);
        return addWithStructure(Hypercall.SCHED_OP, SchedOp.SHUTDOWN);
    }

    /** {@code XENVER_version}: the result is major shifted left by 16, plus minor. */
    public int xenVersion() {
        return add(Hypercall.XEN_VERSION, XenVersion.VERSION, 0, 0);
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

    /** The port of a completed {@link #evtchnAllocUnbound}. */
    public int port(int index) {
        return EvtchnAllocUnbound.port(memory, answer(index));
    }

    /** The port of a completed {@link #evtchnBindInterdomain}. */
    public int localPort(int index) {
        return EvtchnBindInterdomain.localPort(memory, answer(index));
    }

    /** The {@link io.splitvisor.abi.evtchn.EventChannelStatus} of a completed {@link #evtchnStatus}. */
    public int portStatus(int index) {
        return EvtchnStatus.status(memory, answer(index));
    }

    /** What a completed {@link #gnttabQuerySize} tells. */
    public GrantTableSize grantTableSize(int index) {
        long at = answer(index);
        return new GrantTableSize(
                GnttabQuerySize.nrFrames(memory, at),
                GnttabQuerySize.maxNrFrames(memory, at),
                GnttabQuerySize.status(memory, at));
    }

    /** The GNTST status of a completed {@link #gnttabSetupTable}. */
    public int setupTableStatus(int index) {
        return GnttabSetupTable.status(memory, answer(index));
    }

    /** The version of a completed {@link #gnttabGetVersion}. */
    public int grantTableVersion(int index) {
        return GnttabGetVersion.version(memory, answer(index));
    }

    private long answer(int index) {
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

    /**
     * Size of a grant table.
     *
     * @param frames frames in use
     * @param maxFrames most frames
     * @param status a GNTST status: 0, or negative
     */
    public record GrantTableSize(int frames, int maxFrames, int status) {}
}
