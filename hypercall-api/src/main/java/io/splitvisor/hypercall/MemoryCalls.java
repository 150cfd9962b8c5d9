// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.PhysmapSpace;
import io.splitvisor.abi.XenAddToPhysmap;
import io.splitvisor.abi.XenAddToPhysmapBatch;
import io.splitvisor.abi.XenMemAcquireResource;
import io.splitvisor.abi.XenMemoryDomain;
import io.splitvisor.abi.XenMemoryExchange;
import io.splitvisor.abi.XenMemoryMap;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.abi.XenRemoveFromPhysmap;
import java.lang.foreign.MemorySegment;

/**
 * {@code memory_op} on this domain, in a batch. Each method adds a call and answers its index. Lists are guest-physical
 * addresses of arrays of frame numbers, 8 bytes each; an extent is 2^order pages.
 */
public final class MemoryCalls {
    private final HypercallBatch batch;

    MemoryCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code XENMEM_populate_physmap}: fills holes; the result is how many extents of the list were. */
    public int populatePhysmap(long list, long extents, int order) {
        return reservation(HypercallOp.XENMEM_POPULATE_PHYSMAP, list, extents, order);
    }

    /** {@code XENMEM_decrease_reservation}: gives pages back; the result is how many extents of the list were. */
    public int decreaseReservation(long list, long extents, int order) {
        return reservation(HypercallOp.XENMEM_DECREASE_RESERVATION, list, extents, order);
    }

    /** {@code XENMEM_increase_reservation}: pages without a frame; the result is how many extents there were. */
    public int increaseReservation(long extents, int order) {
        return reservation(HypercallOp.XENMEM_INCREASE_RESERVATION, 0, extents, order);
    }

    private int reservation(HypercallOp op, long list, long extents, int order) {
        reservation(batch.memory(), batch.nextArgument(), list, extents, order);
        return batch.addWithArgument(op);
    }

    private static void reservation(MemorySegment memory, long at, long list, long extents, int order) {
        XenMemoryReservation.extentStart(memory, at, list);
        XenMemoryReservation.nrExtents(memory, at, extents);
        XenMemoryReservation.extentOrder(memory, at, order);
        XenMemoryReservation.memFlags(memory, at, 0);
        XenMemoryReservation.domid(memory, at, DomId.SELF);
    }

    /**
     * {@code XENMEM_exchange}: the result is 0; {@link #exchanged} tells how far it got.
     *
     * @param structure guest-physical address of {@link XenMemoryExchange#SIZE} bytes, which are written
     * @param from frames to give back
     * @param to frames that get new pages, as many of them
     */
    public int exchange(
            long structure, long from, long fromExtents, int fromOrder, long to, long toExtents, int toOrder) {
        MemorySegment memory = batch.memory();
        reservation(memory, XenMemoryExchange.in(structure), from, fromExtents, fromOrder);
        reservation(memory, XenMemoryExchange.out(structure), to, toExtents, toOrder);
        XenMemoryExchange.nrExchanged(memory, structure, 0);
        return batch.add(HypercallOp.XENMEM_EXCHANGE, structure, 0, 0);
    }

    /** Extents of the first list that a completed {@link #exchange} did. */
    public long exchanged(long structure) {
        return XenMemoryExchange.nrExchanged(batch.memory(), structure);
    }

    /** {@code XENMEM_maximum_ram_page}: the result is the pages of the machine, as this domain sees it. */
    public int maximumRamPage() {
        return batch.add(HypercallOp.XENMEM_MAXIMUM_RAM_PAGE, 0, 0, 0);
    }

    /** {@code XENMEM_current_reservation}: the result is the pages that the domain has. */
    public int currentReservation() {
        return domain(HypercallOp.XENMEM_CURRENT_RESERVATION);
    }

    /** {@code XENMEM_maximum_reservation}: the result is the pages that it may have. */
    public int maximumReservation() {
        return domain(HypercallOp.XENMEM_MAXIMUM_RESERVATION);
    }

    /** {@code XENMEM_maximum_gpfn}: the result is its highest frame. */
    public int maximumGpfn() {
        return domain(HypercallOp.XENMEM_MAXIMUM_GPFN);
    }

    private int domain(HypercallOp op) {
        XenMemoryDomain.domid(batch.memory(), batch.nextArgument(), DomId.SELF);
        return batch.addWithArgument(op);
    }

    /**
     * {@code XENMEM_add_to_physmap}.
     *
     * @param space a {@link PhysmapSpace}, but no range
     * @param index which page of it
     * @param frame where it goes
     */
    public int addToPhysmap(int space, long index, long frame) {
        return addToPhysmap(space, index, frame, 0);
    }

    /** {@code XENMEM_add_to_physmap} with a range of this domain's frames, at most 65535. */
    public int addRangeToPhysmap(long fromFrame, long frame, int pages) {
        return addToPhysmap(PhysmapSpace.GMFN_RANGE, fromFrame, frame, pages);
    }

    private int addToPhysmap(int space, long index, long frame, int pages) {
        long at = batch.nextArgument();
        MemorySegment memory = batch.memory();
        XenAddToPhysmap.domid(memory, at, DomId.SELF);
        XenAddToPhysmap.pages(memory, at, pages);
        XenAddToPhysmap.space(memory, at, space);
        XenAddToPhysmap.idx(memory, at, index);
        XenAddToPhysmap.gpfn(memory, at, frame);
        return batch.addWithArgument(HypercallOp.XENMEM_ADD_TO_PHYSMAP);
    }

    /**
     * {@code XENMEM_add_to_physmap_batch}.
     *
     * @param indices list of pages of the space
     * @param frames list of where they go
     * @param errors guest-physical address for an error of each, 4 bytes
     */
    public int addToPhysmapBatch(int space, int pages, long indices, long frames, long errors) {
        long at = batch.nextArgument();
        MemorySegment memory = batch.memory();
        XenAddToPhysmapBatch.domid(memory, at, DomId.SELF);
        XenAddToPhysmapBatch.space(memory, at, space);
        XenAddToPhysmapBatch.pages(memory, at, pages);
        XenAddToPhysmapBatch.idxs(memory, at, indices);
        XenAddToPhysmapBatch.gpfns(memory, at, frames);
        XenAddToPhysmapBatch.errs(memory, at, errors);
        return batch.addWithArgument(HypercallOp.XENMEM_ADD_TO_PHYSMAP_BATCH);
    }

    /** {@code XENMEM_remove_from_physmap}: the frame becomes a hole. */
    public int removeFromPhysmap(long frame) {
        long at = batch.nextArgument();
        XenRemoveFromPhysmap.domid(batch.memory(), at, DomId.SELF);
        XenRemoveFromPhysmap.gpfn(batch.memory(), at, frame);
        return batch.addWithArgument(HypercallOp.XENMEM_REMOVE_FROM_PHYSMAP);
    }

    /**
     * {@code XENMEM_memory_map}: {@link #memoryMapEntries} has the answer.
     *
     * @param buffer guest-physical address for e820 entries, 20 bytes each: address, size, type
     */
    public int memoryMap(long buffer, int entries) {
        long at = batch.nextArgument();
        XenMemoryMap.nrEntries(batch.memory(), at, entries);
        XenMemoryMap.buffer(batch.memory(), at, buffer);
        return batch.addWithArgument(HypercallOp.XENMEM_MEMORY_MAP);
    }

    /** Entries that a completed {@link #memoryMap} wrote. */
    public int memoryMapEntries(int index) {
        return XenMemoryMap.nrEntries(batch.memory(), batch.answer(index));
    }

    /** {@code XENMEM_claim_pages}: refused to guests, and not supported for Dom0. */
    public int claimPages(long pages) {
        long at = batch.nextArgument();
        XenMemoryReservation.nrExtents(batch.memory(), at, pages);
        XenMemoryReservation.domid(batch.memory(), at, DomId.SELF);
        return batch.addWithArgument(HypercallOp.XENMEM_CLAIM_PAGES);
    }

    /** {@code XENMEM_acquire_resource}: refused to guests, and not supported for Dom0. */
    public int acquireResource(int domid, int type, int id, long frame, int frames, long list) {
        long at = batch.nextArgument();
        MemorySegment memory = batch.memory();
        XenMemAcquireResource.domid(memory, at, domid);
        XenMemAcquireResource.type(memory, at, type);
        XenMemAcquireResource.id(memory, at, id);
        XenMemAcquireResource.frame(memory, at, frame);
        XenMemAcquireResource.nrFrames(memory, at, frames);
        XenMemAcquireResource.frameList(memory, at, list);
        return batch.addWithArgument(HypercallOp.XENMEM_ACQUIRE_RESOURCE);
    }
}
