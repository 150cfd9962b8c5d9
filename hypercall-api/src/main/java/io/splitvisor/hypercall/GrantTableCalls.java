// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;

/**
 * {@code grant_table_op} in a batch. Each method adds a call on one element and answers the call's index. A call may
 * succeed, with result 0, while its element failed: look at the element's status, too.
 */
public final class GrantTableCalls {
    private final HypercallBatch batch;

    GrantTableCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code GNTTABOP_query_size}: {@link #size} has the answer. */
    public int querySize() {
        GnttabQuerySize.dom(batch.memory(), batch.nextArgument(), DomId.SELF);
        return batch.addWithArgument(HypercallOp.GNTTABOP_QUERY_SIZE);
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
     * @param frameList guest-physical address of the array for the frame numbers, 8 bytes each
     */
    public int setupTable(int frames, long frameList) {
        long at = batch.nextArgument();
        GnttabSetupTable.dom(batch.memory(), at, DomId.SELF);
        GnttabSetupTable.nrFrames(batch.memory(), at, frames);
        GnttabSetupTable.frameList(batch.memory(), at, frameList);
        return batch.addWithArgument(HypercallOp.GNTTABOP_SETUP_TABLE);
    }

    /** The GNTST status of a completed {@link #setupTable}. */
    public int setupTableStatus(int index) {
        return GnttabSetupTable.status(batch.memory(), batch.answer(index));
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

    /**
     * Size of a grant table.
     *
     * @param frames frames in use
     * @param maxFrames most frames
     * @param status a GNTST status: 0, or negative
     */
    public record Size(int frames, int maxFrames, int status) {}
}
