// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.hypercall.HypercallOp;

/**
 * {@code sched_op(cmd, arg)}. A vCPU is a process that sleeps by itself, in front of its bell: yield and block have nothing
 * left to wait for here. A yield ends the vCPU's turn, and so publishes the results of the calls before it.
 */
final class SchedHandlers {
    void bind(HypercallTable table) {
        table.bind(HypercallOp.SCHEDOP_YIELD, call -> {
            call.endTurn();
            return 0;
        });
        table.bind(HypercallOp.SCHEDOP_BLOCK, _ -> 0);
        table.bind(HypercallOp.SCHEDOP_SHUTDOWN, call -> {
            call.caller().shutdown(SchedShutdown.reason(call.argument(), 0));
            return 0;
        });
    }
}
