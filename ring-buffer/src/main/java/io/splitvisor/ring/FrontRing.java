// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import io.splitvisor.host.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * The front end's view of a Xen ring ({@code __name_front_ring}): produces requests, consumes responses. Confined to one
 * thread at a time. The back end is not trusted: check {@link #responseOverflow} before consuming.
 *
 * <p>Slots are slices of the ring's memory that are not closed with it. They may be used as long as this ring can be
 * reached: what is read of a ring whose memory was closed meanwhile is zero, and what is written goes nowhere.
 */
public final class FrontRing {
    /** {@link #takeableResponses}: the back end published more responses than there can be. */
    public static final int OVERFLOW = -1;

    /** What keeps the memory mapped. */
    private final MemorySegment ring;

    private final long address;
    private final int slotBytes;
    private final int slots;
    private int reqProdPvt;
    private int rspCons;
    private int reqProdPublished;

    private FrontRing(MemorySegment ring, int slotBytes, int reqProdPvt, int rspCons) {
        this.ring = ring;
        this.address = SharedRing.address(ring);
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

    /** The next free request slot; the caller has checked {@link #isFull}. Private until pushed. */
    public MemorySegment claimRequest() {
        return HostMemory.slice(claimRequestAt(), slotBytes);
    }

    /** {@link #claimRequest}, as an address. */
    public long claimRequestAt() {
        return slotAt(reqProdPvt++);
    }

    /** {@code RING_PUSH_REQUESTS}: publishes what was claimed, without asking whether anybody needs to be told. */
    public void pushRequests() {
        reqProdPublished = reqProdPvt;
        HostMemory.release(address + SharedRing.REQ_PROD, reqProdPvt);
    }

    /** {@code RING_PUSH_REQUESTS_AND_CHECK_NOTIFY}: publishes; true if the back end wants a notification. */
    public boolean pushRequestsAndCheckNotify() {
        int old = reqProdPublished;
        reqProdPublished = reqProdPvt;
        return SharedRing.publishAndCheckNotify(address, SharedRing.REQ_PROD, SharedRing.REQ_EVENT, old, reqProdPvt);
    }

    /** Requests claimed and not pushed. */
    public int unpushedRequests() {
        return reqProdPvt - reqProdPublished;
    }

    /** {@code RING_HAS_UNCONSUMED_RESPONSES}: how many; may exceed {@link #slots} if the back end misbehaves. */
    public int unconsumedResponses() {
        return HostMemory.acquire(address + SharedRing.RSP_PROD) - rspCons;
    }

    /** {@code RING_RESPONSE_PROD_OVERFLOW}: more responses than requests outstanding could have. */
    public boolean responseOverflow() {
        int produced = HostMemory.acquire(address + SharedRing.RSP_PROD) - rspCons;
        return Integer.compareUnsigned(produced, slots) > 0;
    }

    /**
     * {@link #unconsumedResponses}, or {@link #OVERFLOW} if {@link #responseOverflow}, from one look at the shared index:
     * the line that holds it is the one that both sides fight for.
     */
    public int takeableResponses() {
        int produced = HostMemory.acquire(address + SharedRing.RSP_PROD) - rspCons;
        return Integer.compareUnsigned(produced, slots) > 0 ? OVERFLOW : produced;
    }

    /** The next response; the caller has checked {@link #takeableResponses}. Copy it, then use the copy. */
    public MemorySegment takeResponse() {
        return HostMemory.slice(takeResponseAt(), slotBytes);
    }

    /** {@link #takeResponse}, as an address. */
    public long takeResponseAt() {
        return slotAt(rspCons++);
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
        SharedRing.requestEvent(address, SharedRing.RSP_EVENT, rspCons);
    }

    /** The private producer index. */
    public int reqProdPvt() {
        return reqProdPvt;
    }

    /** The private consumer index. */
    public int rspCons() {
        return rspCons;
    }

    /** The slot of an index ({@code RING_GET_REQUEST}). */
    public MemorySegment slot(int index) {
        return HostMemory.slice(slotAt(index), slotBytes);
    }

    private long slotAt(int index) {
        return address + SharedRing.HEADER_BYTES + (long) (index & (slots - 1)) * slotBytes;
    }
}
