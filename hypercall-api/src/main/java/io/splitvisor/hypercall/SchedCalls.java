// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;

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

    /** {@code SCHEDOP_shutdown_code}: the reason that a shutdown to come will have. */
    public int shutdownCode(int reason) {
        SchedShutdown.reason(batch.memory(), batch.nextArgument(), reason);
        return batch.addWithArgument(HypercallOp.SCHEDOP_SHUTDOWN_CODE);
    }

    /**
     * {@code SCHEDOP_poll}: completes when one of the ports is pending, which is best masked, when the vCPU gets an upcall, or
     * when the time is over. What follows it in the vCPU's ring waits until then.
     *
     * @param ports guest-physical address of the port numbers, 4 bytes each
     * @param count at most 128
     * @param timeout a system time; 0 for none
     */
    public int poll(long ports, int count, long timeout) {
        long at = batch.nextArgument();
        SchedPoll.ports(batch.memory(), at, ports);
        SchedPoll.nrPorts(batch.memory(), at, count);
        SchedPoll.timeout(batch.memory(), at, timeout);
        return batch.addWithArgument(HypercallOp.SCHEDOP_POLL);
    }

    /**
     * {@code SCHEDOP_watchdog}.
     *
     * @param id 0 for a new one, whose number is the result; else the one to set again
     * @param seconds until it ends the domain; 0 gives a watchdog back
     */
    public int watchdog(int id, int seconds) {
        long at = batch.nextArgument();
        SchedWatchdog.id(batch.memory(), at, id);
        SchedWatchdog.timeout(batch.memory(), at, seconds);
        return batch.addWithArgument(HypercallOp.SCHEDOP_WATCHDOG);
    }
}
