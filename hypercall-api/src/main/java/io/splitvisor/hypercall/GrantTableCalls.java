// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GnttabGetStatusFrames;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabMapGrantRef;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetVersion;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GnttabSwapGrantRef;
import io.splitvisor.abi.grant.GnttabUnmapAndReplace;
import io.splitvisor.abi.grant.GnttabUnmapGrantRef;
import io.splitvisor.abi.grant.GrantCopyFlags;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;

/**
 * {@code grant_table_op} in a batch. Each method adds a call on one element and answers the call's index, except for {@link
 * #copyArray}. A call may succeed, with result 0, while its element failed: look at the element's status, too.
 */
public final class GrantTableCalls {
    private final HypercallBatch batch;

    GrantTableCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** Adds a call that takes exactly one structure, and says so. */
    private int addSingle(HypercallOp op) {
        return batch.add(op, batch.argument(batch.size()), 1, 0);
    }

    /** {@code GNTTABOP_query_size}: {@link #size} has the answer. */
    public int querySize() {
        GnttabQuerySize.dom(batch.memory(), batch.nextArgument(), DomId.SELF);
        return addSingle(HypercallOp.GNTTABOP_QUERY_SIZE);
    }

    /** What a completed {@link #querySize} tells. */
    public Size size(int index) {
        long at = batch.answer(index);
        return new Size(
                GnttabQuerySize.nrFrames(batch.memory(), at),
                GnttabQuerySize.maxNrFrames(batch.memory(), at),
                GnttabQuerySize.status(batch.memory(), at));
    }

    /**
     * {@code GNTTABOP_setup_table}: {@link #setupTableStatus} has the answer.
     *
     * @param frames how many; the table grows to so many, if it has fewer
     * @param frameList guest-physical address of the array for the frame numbers, 8 bytes each
     */
    public int setupTable(int frames, long frameList) {
        long at = batch.nextArgument();
        GnttabSetupTable.dom(batch.memory(), at, DomId.SELF);
        GnttabSetupTable.nrFrames(batch.memory(), at, frames);
        GnttabSetupTable.frameList(batch.memory(), at, frameList);
        return addSingle(HypercallOp.GNTTABOP_SETUP_TABLE);
    }

    /** The GNTST status of a completed {@link #setupTable}. */
    public int setupTableStatus(int index) {
        return GnttabSetupTable.status(batch.memory(), batch.answer(index));
    }

    /**
     * {@code GNTTABOP_get_status_frames}: {@link #getStatusFramesStatus} has the answer.
     *
     * @param frames how many
     * @param frameList guest-physical address of the array for the frame numbers, 8 bytes each
     */
    public int getStatusFrames(int frames, long frameList) {
        long at = batch.nextArgument();
        GnttabGetStatusFrames.dom(batch.memory(), at, DomId.SELF);
        GnttabGetStatusFrames.nrFrames(batch.memory(), at, frames);
        GnttabGetStatusFrames.frameList(batch.memory(), at, frameList);
        return addSingle(HypercallOp.GNTTABOP_GET_STATUS_FRAMES);
    }

    /** The GNTST status of a completed {@link #getStatusFrames}. */
    public int getStatusFramesStatus(int index) {
        return GnttabGetStatusFrames.status(batch.memory(), batch.answer(index));
    }

    /** {@code GNTTABOP_set_version}: the call's result says whether it worked, {@link #versionSet} what is in force. */
    public int setVersion(int version) {
        GnttabSetVersion.version(batch.memory(), batch.nextArgument(), version);
        return batch.addWithArgument(HypercallOp.GNTTABOP_SET_VERSION);
    }

    /** The version in force after a completed {@link #setVersion}. */
    public int versionSet(int index) {
        return GnttabSetVersion.version(batch.memory(), batch.answer(index));
    }

    /** {@code GNTTABOP_get_version}: {@link #version} has the answer. */
    public int getVersion() {
        GnttabGetVersion.dom(batch.memory(), batch.nextArgument(), DomId.SELF);
        return batch.addWithArgument(HypercallOp.GNTTABOP_GET_VERSION);
    }

    /** The version of a completed {@link #getVersion}. */
    public int version(int index) {
        return GnttabGetVersion.version(batch.memory(), batch.answer(index));
    }

    /** {@code GNTTABOP_swap_grant_ref}: {@link #swapStatus} has the answer. */
    public int swap(int refA, int refB) {
        long at = batch.nextArgument();
        GnttabSwapGrantRef.refA(batch.memory(), at, refA);
        GnttabSwapGrantRef.refB(batch.memory(), at, refB);
        return batch.addWithArgument(HypercallOp.GNTTABOP_SWAP_GRANT_REF);
    }

    /** The GNTST status of a completed {@link #swap}. */
    public int swapStatus(int index) {
        return GnttabSwapGrantRef.status(batch.memory(), batch.answer(index));
    }

    /**
     * {@code GNTTABOP_map_grant_ref}: {@link #mapping} has the answer. For a privileged domain, or a domain's own pages.
     *
     * @param domid who grants
     * @param flags {@link io.splitvisor.abi.grant.GrantMapFlags}
     * @param hostAddress where, if it is to be mapped for the host
     */
    public int map(int domid, int ref, int flags, long hostAddress) {
        long at = batch.nextArgument();
        GnttabMapGrantRef.dom(batch.memory(), at, domid);
        GnttabMapGrantRef.ref(batch.memory(), at, ref);
        GnttabMapGrantRef.flags(batch.memory(), at, flags);
        GnttabMapGrantRef.hostAddr(batch.memory(), at, hostAddress);
        return batch.addWithArgument(HypercallOp.GNTTABOP_MAP_GRANT_REF);
    }

    /** What a completed {@link #map} tells. */
    public Mapping mapping(int index) {
        long at = batch.answer(index);
        return new Mapping(
                GnttabMapGrantRef.handle(batch.memory(), at),
                GnttabMapGrantRef.devBusAddr(batch.memory(), at),
                GnttabMapGrantRef.status(batch.memory(), at));
    }

    /**
     * {@code GNTTABOP_unmap_grant_ref}: {@link #unmapStatus} has the answer.
     *
     * @param hostAddress as mapped, or 0 to leave that mapping
     * @param deviceAddress as answered, or 0 to leave that mapping
     */
    public int unmap(int handle, long hostAddress, long deviceAddress) {
        long at = batch.nextArgument();
        GnttabUnmapGrantRef.handle(batch.memory(), at, handle);
        GnttabUnmapGrantRef.hostAddr(batch.memory(), at, hostAddress);
        GnttabUnmapGrantRef.devBusAddr(batch.memory(), at, deviceAddress);
        return batch.addWithArgument(HypercallOp.GNTTABOP_UNMAP_GRANT_REF);
    }

    /** The GNTST status of a completed {@link #unmap}. */
    public int unmapStatus(int index) {
        return GnttabUnmapGrantRef.status(batch.memory(), batch.answer(index));
    }

    /**
     * {@code GNTTABOP_unmap_and_replace}: {@link #unmapAndReplaceStatus} has the answer.
     *
     * @param newAddress what takes the mapping's place; only 0, for nothing, can
     */
    public int unmapAndReplace(int handle, long hostAddress, long newAddress) {
        long at = batch.nextArgument();
        GnttabUnmapAndReplace.handle(batch.memory(), at, handle);
        GnttabUnmapAndReplace.hostAddr(batch.memory(), at, hostAddress);
        GnttabUnmapAndReplace.newAddr(batch.memory(), at, newAddress);
        return batch.addWithArgument(HypercallOp.GNTTABOP_UNMAP_AND_REPLACE);
    }

    /** The GNTST status of a completed {@link #unmapAndReplace}. */
    public int unmapAndReplaceStatus(int index) {
        return GnttabUnmapAndReplace.status(batch.memory(), batch.answer(index));
    }

    /**
     * {@code GNTTABOP_copy} from a granted page to memory of one's own: {@link #copyStatus} has the answer.
     *
     * @param offset first byte in the granted page
     * @param address guest-physical; the bytes may not cross a page
     */
    public int copyFromGrant(int domid, int ref, int offset, long address, int bytes) {
        writeCopyFromGrant(batch.memory(), batch.nextArgument(), domid, ref, offset, address, bytes);
        return batch.addWithArgument(HypercallOp.GNTTABOP_COPY);
    }

    /** The other way round, as {@link #copyFromGrant}. */
    public int copyToGrant(int domid, int ref, int offset, long address, int bytes) {
        writeCopyToGrant(batch.memory(), batch.nextArgument(), domid, ref, offset, address, bytes);
        return batch.addWithArgument(HypercallOp.GNTTABOP_COPY);
    }

    /** The GNTST status of a completed {@link #copyFromGrant} or {@link #copyToGrant}. */
    public int copyStatus(int index) {
        return GnttabCopy.status(batch.memory(), batch.answer(index));
    }

    /**
     * {@code GNTTABOP_copy} of any number of elements. The array stays the caller's, and has the statuses.
     *
     * @param array guest-physical address of {@link GnttabCopy} structures
     * @param count how many
     */
    public int copyArray(long array, int count) {
        return batch.add(HypercallOp.GNTTABOP_COPY, array, count, 0);
    }

    /** Writes an element for {@link #copyArray}; as {@link #copyFromGrant}. */
    public static void writeCopyFromGrant(
            MemorySegment memory, long element, int domid, int ref, int offset, long address, int bytes) {
        writeGrant(memory, GnttabCopy.source(element), domid, ref, offset);
        writeOwn(memory, GnttabCopy.dest(element), address);
        GnttabCopy.len(memory, element, bytes);
        GnttabCopy.flags(memory, element, GrantCopyFlags.SOURCE_GREF);
    }

    /** Writes an element for {@link #copyArray}; as {@link #copyToGrant}. */
    public static void writeCopyToGrant(
            MemorySegment memory, long element, int domid, int ref, int offset, long address, int bytes) {
        writeOwn(memory, GnttabCopy.source(element), address);
        writeGrant(memory, GnttabCopy.dest(element), domid, ref, offset);
        GnttabCopy.len(memory, element, bytes);
        GnttabCopy.flags(memory, element, GrantCopyFlags.DEST_GREF);
    }

    private static void writeGrant(MemorySegment memory, long at, int domid, int ref, int offset) {
        GnttabCopyPtr.gmfn(memory, at, Integer.toUnsignedLong(ref));
        GnttabCopyPtr.domid(memory, at, domid);
        GnttabCopyPtr.offset(memory, at, offset);
    }

    private static void writeOwn(MemorySegment memory, long at, long address) {
        GnttabCopyPtr.gmfn(memory, at, address / DomainLayout.PAGE_SIZE);
        GnttabCopyPtr.domid(memory, at, DomId.SELF);
        GnttabCopyPtr.offset(memory, at, (int) (address % DomainLayout.PAGE_SIZE));
    }

    /**
     * Size of a grant table.
     *
     * @param frames frames in use
     * @param maxFrames most frames
     * @param status a GNTST status: 0, or negative
     */
    public record Size(int frames, int maxFrames, int status) {}

    /**
     * A page that was mapped, or was not.
     *
     * @param handle names the mapping
     * @param deviceAddress the page's address for devices
     * @param status a GNTST status: 0, or negative; then there is no mapping
     */
    public record Mapping(int handle, long deviceAddress, int status) {}
}
