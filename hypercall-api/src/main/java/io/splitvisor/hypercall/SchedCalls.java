// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.SchedShutdown;

/** {@code sched_op} in a batch. Each method adds a call and answers its index. */
public final class SchedCalls {
    private final HypercallBatch batch;

    SchedCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code SCHEDOP_yield}. */
    public int yieldProcessor() {
        return batch.add(HypercallOp.SCHEDOP_YIELD, 0, 0, 0);
    }

    /** {@code SCHEDOP_block}: completes when an event is pending. */
    public int block() {
        return batch.add(HypercallOp.SCHEDOP_BLOCK, 0, 0, 0);
    }

    /** {@code SCHEDOP_shutdown} with the code of an {@link io.splitvisor.abi.ShutdownReason}. */
    public int shutdown(int reason) {
        SchedShutdown.reason(batch.memory(), batch.nextArgument(), reason);
        return batch.addWithArgument(HypercallOp.SCHEDOP_SHUTDOWN);
    }
}
