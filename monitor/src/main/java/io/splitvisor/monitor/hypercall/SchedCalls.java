// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.Domain;

/**
 * {@code sched_op(cmd, arg)}. A vCPU is a process that sleeps by itself, in front of its bell: yield and block have nothing
 * left to do here and succeed at once.
 */
final class SchedCalls implements HypercallTable.Operation {
    @Override
    public long call(Domain caller, long[] arguments) {
        if (arguments[0] < 0 || arguments[0] > Integer.MAX_VALUE) {
            return -XenErrno.ENOSYS;
        }
        return switch ((int) arguments[0]) {
            case SchedOp.YIELD, SchedOp.BLOCK -> 0;
            case SchedOp.SHUTDOWN -> shutdown(caller, arguments[1]);
            default -> -XenErrno.ENOSYS;
        };
    }

    private static long shutdown(Domain caller, long argument) {
        if (!caller.memory().isAccessible(argument, SchedShutdown.SIZE)) {
            return -XenErrno.EFAULT;
        }
        caller.shutdown(SchedShutdown.reason(caller.memory().segment(), argument));
        return 0;
    }
}
