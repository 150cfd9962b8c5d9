// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.paging.Slice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The hypercall that a vCPU makes just now: its words and its structure in private memory, which the guest cannot change
 * any more, and how far it got. One a vCPU, used again for each call; confined to the thread that serves the vCPU's ring.
 *
 * <p>A long operation is preempted: when {@link #preempt} says so, it keeps its position in {@link #progress}, returns
 * {@link #PREEMPTED}, and is called again in the vCPU's next turn, with words, structure and progress as it left them. It
 * holds nothing in between. Unlike Xen's continuations the state never passes through the guest's hands, so nothing of it
 * needs to be checked again (row H7).
 */
public final class HypercallContext implements Slice {
    /** A handler's answer: not finished, call again. No hypercall has this result. */
    public static final long PREEMPTED = Long.MIN_VALUE;

    /** Bytes for a structure: the largest is xen_capabilities_info_t. */
    public static final int ARGUMENT_BYTES = 1024;

    private final Domain caller;
    private final int vcpu;
    private final boolean isInner;
    private final long[] words = new long[MulticallEntry.NR_ARGS];
    private final MemorySegment argument = Arena.ofAuto().allocate(ARGUMENT_BYTES, Long.BYTES);

    private long number;
    private long progress;
    private boolean resumed;
    private int budget;
    private int operation;
    private HypercallContext inner;

    /** The context of a vCPU. */
    public HypercallContext(Domain caller, int vcpu) {
        this(caller, vcpu, false);
    }

    private HypercallContext(Domain caller, int vcpu, boolean isInner) {
        this.caller = caller;
        this.vcpu = vcpu;
        this.isInner = isInner;
    }

    /** Whether this is an entry of a multicall. */
    boolean isInner() {
        return isInner;
    }

    /** The calling domain. */
    public Domain caller() {
        return caller;
    }

    /** The calling vCPU. */
    public int vcpu() {
        return vcpu;
    }

    /** One of the call's six words. */
    public long word(int index) {
        return words[index];
    }

    /** The structure: copied in before the handler is called, and copied out after success, as the operation's row says. */
    public MemorySegment argument() {
        return argument;
    }

    /** Takes the structure from the call's words, from this one on; false if it is longer than what is left of them. */
    boolean argumentFromWords(int first, int size) {
        if (size > (words.length - first) * Long.BYTES) {
            return false;
        }
        for (int at = 0; at < size && !resumed; at += Long.BYTES) {
            argument.set(ValueLayout.JAVA_LONG, at, words[first + at / Long.BYTES]);
        }
        return true;
    }

    /** Whether a domid names the caller: DOMID_SELF or its own number. */
    public boolean isSelf(int domid) {
        return domid == DomId.SELF || domid == caller.domid();
    }

    /** A new call. Its words follow with {@link #word(int, long)}. */
    void begin(long hypercall) {
        number = hypercall;
        progress = 0;
        resumed = false;
        operation = HypercallStatistics.UNKNOWN;
    }

    void word(int index, long value) {
        words[index] = value;
    }

    /** The call's number, any 64 bits. */
    long number() {
        return number;
    }

    /** What the call was found to be: the ordinal of its operation, or {@link HypercallStatistics#UNKNOWN}. */
    int operation() {
        return operation;
    }

    void operation(int ordinal) {
        operation = ordinal;
    }

    /** Whether this is not the call's first slice. */
    boolean resumed() {
        return resumed;
    }

    void resume() {
        resumed = true;
    }

    /** How far a long operation got: 0 at first, then what {@link #progress(long)} kept. */
    public long progress() {
        return progress;
    }

    /** Keeps how far the operation got. */
    public void progress(long value) {
        progress = value;
    }

    /** What this turn may still cost. */
    void budget(int units) {
        budget = units;
    }

    int budget() {
        return budget;
    }

    @Override
    public void spend(int units) {
        budget -= units;
    }

    /** Ends the vCPU's turn after this call: its results are published, and others are served. */
    public void endTurn() {
        budget = 0;
    }

    /** Whether a long operation should stop here: others are waiting. It must have got on since it was last called. */
    @Override
    public boolean preempt() {
        return budget <= 0;
    }

    /** The context for the entries of a multicall, made when first needed. */
    HypercallContext inner() {
        if (inner == null) {
            inner = new HypercallContext(caller, vcpu, true);
        }
        return inner;
    }
}
