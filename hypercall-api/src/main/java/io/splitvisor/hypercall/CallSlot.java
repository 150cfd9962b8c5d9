// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;

/**
 * How a call is written into its slot of the ring, and how its answer is found there before the ring's index tells of it. Slots are
 * taken here and not handed in, because a slice that leaves a method which the compiler does not inline is garbage.
 */
final class CallSlot {
    /**
     * What a slot's result is until Dom0 writes it, if it is one of several that are published together: those are better taken
     * together, too, and are not handed over. No hypercall has this result; if Dom0 says so, it is found by the indices.
     */
    static final long UNANSWERED = Long.MIN_VALUE;

    private CallSlot() {}

    /**
     * Writes a call of a batch into the next slot.
     *
     * @param unanswered {@link #UNANSWERED}, or {@link CallMarker#HANDED_OVER}: then Dom0 may take it from now on
     */
    static void fill(FrontRing ring, HypercallBatch batch, int call, long unanswered) {
        MemorySegment slot = ring.claimRequest();
        MulticallEntry.op(slot, 0, batch.staged(call, 0));
        for (int arg = 0; arg < MulticallEntry.NR_ARGS; arg++) {
            MulticallEntry.args(slot, 0, arg, batch.staged(call, 1 + arg));
        }
        MulticallEntry.resultRelease(slot, 0, unanswered);
    }

    /** Writes an {@code EVTCHNOP_send}, structure included, into the next slot, and hands it over. */
    static void fillSend(FrontRing ring, int port) {
        MemorySegment slot = ring.claimRequest();
        MulticallEntry.op(slot, 0, Hypercall.EVENT_CHANNEL_OP);
        MulticallEntry.args(slot, 0, 0, EventChannelOp.SEND);
        MulticallEntry.args(slot, 0, 1, CallMarker.IN_CALL);
        MulticallEntry.args(slot, 0, 2, port);
        MulticallEntry.resultRelease(slot, 0, CallMarker.HANDED_OVER);
    }

    /** Whether the answer to the last call in the ring is there; whatever the call did is visible then. */
    static boolean isLastAnswered(FrontRing ring) {
        long result = MulticallEntry.resultAcquire(ring.slot(ring.reqProdPvt() - 1), 0);
        return result != CallMarker.HANDED_OVER && result != UNANSWERED;
    }
}
