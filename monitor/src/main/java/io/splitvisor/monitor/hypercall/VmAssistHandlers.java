// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;

/** {@code vm_assist(cmd, type)}: of Xen's services, those that make sense without a kernel's page tables and segments. */
final class VmAssistHandlers {
    void bind(HypercallTable table) {
        table.bind(HypercallOp.VMASST_CMD_ENABLE, call -> change(call, true));
        table.bind(HypercallOp.VMASST_CMD_DISABLE, call -> change(call, false));
    }

    private static long change(HypercallContext call, boolean enable) {
        if (call.word(1) != VmAssist.TYPE_RUNSTATE_UPDATE_FLAG) {
            return -XenErrno.EINVAL;
        }
        call.caller().markRunstateUpdates(enable);
        return 0;
    }
}
