// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.trace.TraceSink;
import io.splitvisor.ring.BackRing;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;

/**
 * Serves the hypercall ring of one vCPU: a Xen ring whose slots are {@link MulticallEntry}, requests and responses in one.
 * Calls are served in order. Each result is in its slot at once; the index that tells of them is published at the end of the
 * turn, a slice at a time. A long call goes on in the next slice, with the calls of other domains in between.
 */
public final class HypercallRing implements RingWorker {
    /** Work done before others get their turn, in simple calls. */
    private static final int SLICE = 32;

    /** Looks for the next call of somebody who makes one after the other: a quarter of a microsecond or less. */
    private static final int LOOKS = 10;

    /** Turns that end without a look after one that looked in vain. */
    private static final int UNLUCKY_TURNS = 63;

    private final Domain domain;
    private final int vcpu;
    private final HypercallTable table;
    private final IntSupplier slice;
    private final HypercallContext context;
    private final BackRing ring;
    private final HypercallStatistics statistics = new HypercallStatistics();
    private final TurnTrace traced;

    private final TurnRecording recorded;

    /** The call in the context is not finished. */
    private boolean underWay;

    /** Turns to come that end without a look. */
    private int unlucky;

    /** The ring of a vCPU, which has just been initialised. */
    public HypercallRing(Domain domain, int vcpu, HypercallTable table) {
        this(domain, vcpu, table, () -> SLICE);
    }

    /**
     * As above, with turns of another length.
     *
     * @param slice what each turn may cost, in simple calls: asked at its beginning
     */
    public HypercallRing(Domain domain, int vcpu, HypercallTable table, IntSupplier slice) {
        this.slice = slice;
        this.domain = domain;
        this.vcpu = vcpu;
        this.table = table;
        this.context = new HypercallContext(domain, vcpu);
        this.ring = BackRing.init(
                domain.memory().pages(domain.memory().layout().hypercallRing(vcpu), DomainLayout.HYPERCALL_RING_PAGES),
                MulticallEntry.SIZE);
        this.traced = new TurnTrace(vcpu);
        this.recorded = new TurnRecording(domain.domid(), vcpu);
    }

    /** Calls served so far. A figure for people: read by other threads without order. */
    public long calls() {
        return statistics.total();
    }

    /** What it has done, for people: written while they read. */
    public HypercallStatistics statistics() {
        return statistics;
    }

    @Override
    public int serve() {
        // First, because the ring goes with the domain's memory.
        if (standsStill()) {
            return 0;
        }
        int available = ring.takeableRequests();
        if (available == BackRing.OVERFLOW) {
            domain.crash("hypercall ring of vCPU " + vcpu + ": more requests than slots");
            return 0;
        }
        if (available == 0 && !underWay) {
            return 0;
        }
        TraceSink sink = domain.trace();
        if (sink != null) {
            traced.begin(sink);
        }
        boolean recording = recorded.begin();
        long before = statistics.total();
        context.budget(slice.getAsInt());
        int found = 0;
        int moved = 0;
        do {
            found += available;
            statistics.turn(available);
            moved += serveFound(available, sink != null);
            available = linger(available == 1);
        } while (available > 0);
        int served = (int) (statistics.total() - before);
        if (served > 0) {
            statistics.published();
            if (ring.pushResponsesAndCheckNotify()) {
                domain.vcpu(vcpu).bell().ring();
            }
        }
        if (sink != null) {
            traced.end();
        }
        if (recording) {
            recorded.end(found, served);
        }
        return moved;
    }

    /**
     * Who waits for a result sees it in its slot, and may make the next call at once: looking for that here saves the rounds of the
     * loop, and an index that travels back and forth. Who waits for the index instead makes none before the turn is over: then
     * nothing is found here, and the next turns do not look.
     *
     * <p>The index lies in another line than the call, and both would have to come from the other processor. So who makes one call at
     * a time is waited for at the next slot itself, which tells when the call in it is complete ({@link CallMarker#HANDED_OVER}).
     * The index is looked at once more before the turn ends: not every guest hands over.
     *
     * @param single whether the last look found one call alone
     * @return how many calls have come; none if the turn is over
     */
    private int linger(boolean single) {
        if (unlucky > 0) {
            unlucky--;
            return 0;
        }
        if (underWay || context.preempt() || standsStill()) {
            return 0;
        }
        int looks = LOOKS;
        if (single) {
            MemorySegment next = ring.nextRequest();
            for (; looks > 1; looks--) {
                if (MulticallEntry.resultAcquire(next, 0) == CallMarker.HANDED_OVER) {
                    ring.requestIsThere();
                    return 1;
                }
                Thread.onSpinWait();
            }
        }
        for (; looks > 0; looks--) {
            int available = ring.takeableRequests();
            if (available != 0) {
                return available;
            }
            Thread.onSpinWait();
        }
        unlucky = UNLUCKY_TURNS;
        return 0;
    }

    /** Serves the calls that were found, as far as the turn goes; the vCPU does not stand still. */
    private int serveFound(int found, boolean tracing) {
        Vcpu self = domain.vcpu(vcpu);
        int available = found;
        int moved = 0;
        do {
            moved++;
            long result;
            if (underWay) {
                result = resume();
            } else {
                available--;
                result = begin();
            }
            underWay = result == HypercallContext.PREEMPTED;
            if (underWay) {
                statistics.preempted();
            } else {
                statistics.served(context.operation(), result);
                if (tracing) {
                    traced.add(context, result);
                }
                // One response a request, in order: the response's slot is the request's. The guest may look for it
                // there.
                MulticallEntry.resultRelease(ring.claimResponse(), 0, result);
            }
            // A call may end the domain: what comes after it in the batch is not executed (row H4).
        } while ((underWay || available > 0) && !context.preempt() && !domain.ended() && !self.standsStill());
        return moved;
    }

    private long begin() {
        MemorySegment entry = ring.takeRequest();
        context.begin(MulticallEntry.op(entry, 0));
        for (int i = 0; i < MulticallEntry.NR_ARGS; i++) {
            context.word(i, MulticallEntry.args(entry, 0, i));
        }
        return table.serve(context);
    }

    private long resume() {
        context.resume();
        return table.serve(context);
    }

    /**
     * A domain that has ended never asks for anything again, whatever it writes into its ring. A vCPU that is down or waits
     * in a call makes no further ones.
     */
    private boolean standsStill() {
        return domain.paused() || domain.ended() || domain.vcpu(vcpu).standsStill();
    }

    @Override
    public boolean arm() {
        return !standsStill() && (underWay || ring.finalCheckForRequests() != 0);
    }

    @Override
    public int domid() {
        return domain.domid();
    }

    @Override
    public boolean standsBack() {
        return true;
    }

    @Override
    public void failed(RuntimeException cause) {
        domain.crash("hypercall of vCPU " + vcpu + " failed in the monitor: " + cause);
    }
}
