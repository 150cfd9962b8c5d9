// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import io.splitvisor.host.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * The back end's view of a Xen ring ({@code __name_back_ring}): consumes requests, produces responses. Confined to one
 * thread at a time. The front end is not trusted: ask {@link #takeableRequests} in every round, and copy a request out
 * once ({@code RING_COPY_REQUEST}) before looking at it.
 *
 * <p>Slots are slices of the ring's memory that are not closed with it; see {@link FrontRing}.
 */
public final class BackRing {
    /** {@link #takeableRequests}: the front end published more requests than the ring holds. */
    public static final int OVERFLOW = -1;

    /** What keeps the memory mapped. */
    private final MemorySegment ring;

    private final long address;
    private final int slotBytes;
    private final int slots;
    private int rspProdPvt;
    private int reqCons;
    private int rspProdPublished;

    /** The last request was taken before its index was published; until that is seen, {@code req_prod} may be one behind. */
    private boolean ahead;

    private BackRing(MemorySegment ring, int slotBytes, int rspProdPvt, int reqCons) {
        this.ring = ring;
        this.address = SharedRing.address(ring);
        this.slotBytes = slotBytes;
        this.slots = SharedRing.slots(ring.byteSize(), slotBytes);
        this.rspProdPvt = rspProdPvt;
        this.rspProdPublished = rspProdPvt;
        this.reqCons = reqCons;
    }

    /** {@code BACK_RING_INIT}: attaches to a fresh ring. */
    public static BackRing init(MemorySegment ring, int slotBytes) {
        return new BackRing(ring, slotBytes, 0, 0);
    }

    /** {@code BACK_RING_ATTACH}: goes on with a ring in use. */
    public static BackRing attach(MemorySegment ring, int slotBytes, int rspProd, int reqCons) {
        return new BackRing(ring, slotBytes, rspProd, reqCons);
    }

    /**
     * Goes on where the last back end stopped: everything up to {@code rsp_prod} is answered, the rest will be served
     * again (as Linux's blkback does on reconnecting). The front end chooses the index, so {@link #requestOverflow}
     * still has the last word.
     */
    public static BackRing resume(MemorySegment ring, int slotBytes) {
        BackRing back = new BackRing(ring, slotBytes, 0, 0);
        back.rspProdPvt = HostMemory.acquire(back.address + SharedRing.RSP_PROD);
        back.rspProdPublished = back.rspProdPvt;
        back.reqCons = back.rspProdPvt;
        return back;
    }

    /** The ring's memory. */
    public MemorySegment memory() {
        return ring;
    }

    /** Number of slots ({@code RING_SIZE}). */
    public int slots() {
        return slots;
    }

    /**
     * {@code RING_HAS_UNCONSUMED_REQUESTS}: requests published and not consumed, but never more than there are slots
     * without a response owed.
     */
    public int unconsumedRequests() {
        int requests = takeableRequests();
        return requests == OVERFLOW ? room() : requests;
    }

    /** Slots without a response owed. */
    private int room() {
        return slots - (reqCons - rspProdPvt);
    }

    /** {@code RING_REQUEST_PROD_OVERFLOW}: the front end published more than the ring holds. It is lying. */
    public boolean requestOverflow() {
        return isOverflow(HostMemory.acquire(address + SharedRing.REQ_PROD));
    }

    private boolean isOverflow(int published) {
        return Integer.compareUnsigned(published - rspProdPvt, slots) > 0;
    }

    /**
     * {@link #unconsumedRequests}, or {@link #OVERFLOW} if {@link #requestOverflow}, from one look at the shared index:
     * the line that holds it is the one that both sides fight for.
     */
    public int takeableRequests() {
        int requests = HostMemory.acquire(address + SharedRing.REQ_PROD) - reqCons;
        if (Integer.compareUnsigned(requests, room()) > 0) {
            return takeableBehind(requests);
        }
        ahead = false;
        return requests;
    }

    /** The index is behind what was taken, or beyond what there is room for. */
    private int takeableBehind(int requests) {
        if (ahead && requests == -1) {
            return 0;
        }
        return isOverflow(requests + reqCons) ? OVERFLOW : room();
    }

    /**
     * The next request may be taken before {@code req_prod} tells of it, because its slot has: by means of the protocol that the
     * slots belong to, whose front end has no more than one request at a time in such a state. From then on {@code req_prod} may be
     * one behind until it is seen to have caught up; further behind, it is an {@link #OVERFLOW} as ever.
     */
    public void requestIsThere() {
        ahead = true;
    }

    /** {@code RING_REQUEST_CONS_OVERFLOW}: consuming one more would take a slot whose response is owed. */
    public boolean consumerOverflow() {
        return Integer.compareUnsigned(reqCons - rspProdPvt, slots) >= 0;
    }

    /** The next request, whether it is there or not. */
    public MemorySegment nextRequest() {
        return HostMemory.slice(slot(reqCons), slotBytes);
    }

    /** The next request; the caller has checked {@link #unconsumedRequests}. */
    public MemorySegment takeRequest() {
        return HostMemory.slice(takeRequestAt(), slotBytes);
    }

    /** {@link #takeRequest}, as an address. */
    public long takeRequestAt() {
        return slot(reqCons++);
    }

    /** {@code RING_COPY_REQUEST}: copies the next request into private memory of at least the slot's size. */
    public void copyRequest(MemorySegment copy) {
        HostMemory.copy(slot(reqCons++), copy, 0, slotBytes);
    }

    /**
     * {@link #copyRequest} for several: one after the other into private memory, {@code slotBytes} apart. What was published
     * together is copied in one go, or in two where the ring begins again, so that the processor fetches all of it at once.
     *
     * @param copy of at least {@code count} slots
     * @param count not more than {@link #takeableRequests}
     */
    public void copyRequests(MemorySegment copy, int count) {
        int first = reqCons & (slots - 1);
        int before = Math.min(count, slots - first);
        long bytes = (long) before * slotBytes;
        HostMemory.copy(slot(first), copy, 0, bytes);
        if (before < count) {
            HostMemory.copy(slot(0), copy, bytes, (long) (count - before) * slotBytes);
        }
        reqCons += count;
    }

    /** The next response slot. Private until pushed. There is one for every request consumed. */
    public MemorySegment claimResponse() {
        return HostMemory.slice(claimResponseAt(), slotBytes);
    }

    /** {@link #claimResponse}, as an address. */
    public long claimResponseAt() {
        return slot(rspProdPvt++);
    }

    /** {@code RING_PUSH_RESPONSES}. */
    public void pushResponses() {
        rspProdPublished = rspProdPvt;
        HostMemory.release(address + SharedRing.RSP_PROD, rspProdPvt);
    }

    /**
     * Publishes without asking whether the front end wants a notification: a later {@link #pushResponsesAndCheckNotify}
     * answers for these responses, too, so they still count as not pushed.
     */
    public void showResponses() {
        HostMemory.release(address + SharedRing.RSP_PROD, rspProdPvt);
    }

    /** {@code RING_PUSH_RESPONSES_AND_CHECK_NOTIFY}: publishes; true if the front end wants a notification. */
    public boolean pushResponsesAndCheckNotify() {
        int old = rspProdPublished;
        rspProdPublished = rspProdPvt;
        return SharedRing.publishAndCheckNotify(address, SharedRing.RSP_PROD, SharedRing.RSP_EVENT, old, rspProdPvt);
    }

    /** Responses claimed and not pushed. */
    public int unpushedResponses() {
        return rspProdPvt - rspProdPublished;
    }

    /** {@code RING_FINAL_CHECK_FOR_REQUESTS}: arms the notification unless there is work; how many are pending. */
    public int finalCheckForRequests() {
        int pending = unconsumedRequests();
        if (pending != 0) {
            return pending;
        }
        SharedRing.requestEvent(address, SharedRing.REQ_EVENT, reqCons);
        return unconsumedRequests();
    }

    /** The private producer index. */
    public int rspProdPvt() {
        return rspProdPvt;
    }

    /** The private consumer index. */
    public int reqCons() {
        return reqCons;
    }

    private long slot(int index) {
        return address + SharedRing.HEADER_BYTES + (long) (index & (slots - 1)) * slotBytes;
    }
}
