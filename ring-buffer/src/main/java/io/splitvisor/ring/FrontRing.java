// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import java.lang.foreign.MemorySegment;

/**
 * The front end's view of a Xen ring ({@code __name_front_ring}): produces requests, consumes responses. Confined to one
 * thread at a time. The back end is not trusted: check {@link #responseOverflow} before consuming.
 *
 * <p>Requests and responses are written and read in {@link #memory} at the offsets that {@link #claimRequest} and
 * {@link #takeResponse} answer.
 */
public final class FrontRing {
    /** {@link #takeableResponses}: the back end published more responses than there can be. */
    public static final int OVERFLOW = -1;

    private final MemorySegment ring;
    private final int slotBytes;
    private final int slots;
    private int reqProdPvt;
    private int rspCons;
    private int reqProdPublished;

    private FrontRing(MemorySegment ring, int slotBytes, int reqProdPvt, int rspCons) {
        this.ring = ring;
        this.slotBytes = slotBytes;
        this.slots = SharedRing.slots(ring.byteSize(), slotBytes);
        this.reqProdPvt = reqProdPvt;
        this.reqProdPublished = reqProdPvt;
        this.rspCons = rspCons;
    }

    /** {@code XEN_FRONT_RING_INIT}: initialises the shared ring, then attaches to it. */
    public static FrontRing init(MemorySegment ring, int slotBytes) {
        SharedRing.init(ring);
        return new FrontRing(ring, slotBytes, 0, 0);
    }

    /** {@code FRONT_RING_ATTACH}: goes on with a ring in use. */
    public static FrontRing attach(MemorySegment ring, int slotBytes, int reqProd, int rspCons) {
        return new FrontRing(ring, slotBytes, reqProd, rspCons);
    }

    /** The ring's memory. */
    public MemorySegment memory() {
        return ring;
    }

    /** Number of slots ({@code RING_SIZE}). */
    public int slots() {
        return slots;
    }

    /** {@code RING_FREE_REQUESTS}. */
    public int freeRequests() {
        return slots - (reqProdPvt - rspCons);
    }

    /** {@code RING_FULL}. */
    public boolean isFull() {
        return freeRequests() == 0;
    }

    /** Offset of the next free request slot; the caller has checked {@link #isFull}. Private until pushed. */
    public long claimRequest() {
        return slot(reqProdPvt++);
    }

    /** {@code RING_PUSH_REQUESTS}: publishes what was claimed, without asking whether anybody needs to be told. */
    public void pushRequests() {
        reqProdPublished = reqProdPvt;
        SharedRing.release(ring, SharedRing.REQ_PROD, reqProdPvt);
    }

    /** {@code RING_PUSH_REQUESTS_AND_CHECK_NOTIFY}: publishes; true if the back end wants a notification. */
    public boolean pushRequestsAndCheckNotify() {
        int old = reqProdPublished;
        reqProdPublished = reqProdPvt;
        return SharedRing.publishAndCheckNotify(ring, SharedRing.REQ_PROD, SharedRing.REQ_EVENT, old, reqProdPvt);
    }

    /** Requests claimed and not pushed. */
    public int unpushedRequests() {
        return reqProdPvt - reqProdPublished;
    }

    /** {@code RING_HAS_UNCONSUMED_RESPONSES}: how many; may exceed {@link #slots} if the back end misbehaves. */
    public int unconsumedResponses() {
        return SharedRing.acquire(ring, SharedRing.RSP_PROD) - rspCons;
    }

    /** {@code RING_RESPONSE_PROD_OVERFLOW}: more responses than requests outstanding could have. */
    public boolean responseOverflow() {
        int produced = SharedRing.acquire(ring, SharedRing.RSP_PROD) - rspCons;
        return Integer.compareUnsigned(produced, slots) > 0;
    }

    /**
     * {@link #unconsumedResponses}, or {@link #OVERFLOW} if {@link #responseOverflow}, from one look at the shared index:
     * the line that holds it is the one that both sides fight for.
     */
    public int takeableResponses() {
        int produced = SharedRing.acquire(ring, SharedRing.RSP_PROD) - rspCons;
        return Integer.compareUnsigned(produced, slots) > 0 ? OVERFLOW : produced;
    }

    /** Offset of the next response; the caller has checked {@link #takeableResponses}. Copy it, then use the copy. */
    public long takeResponse() {
        return slot(rspCons++);
    }

    /** {@code RING_FINAL_CHECK_FOR_RESPONSES}: arms the notification unless there is work; how many are pending. */
    public int finalCheckForResponses() {
        int pending = unconsumedResponses();
        if (pending != 0) {
            return pending;
        }
        requestResponseEvent();
        return unconsumedResponses();
    }

    /** The step of {@link #finalCheckForResponses} that arms the notification; the caller looks for responses after it. */
    public void requestResponseEvent() {
        SharedRing.requestEvent(ring, SharedRing.RSP_EVENT, rspCons);
    }

    /** The private producer index. */
    public int reqProdPvt() {
        return reqProdPvt;
    }

    /** The private consumer index. */
    public int rspCons() {
        return rspCons;
    }

    /** Offset of the slot of an index ({@code RING_GET_REQUEST}). */
    public long slot(int index) {
        return SharedRing.HEADER_BYTES + (long) (index & (slots - 1)) * slotBytes;
    }
}
