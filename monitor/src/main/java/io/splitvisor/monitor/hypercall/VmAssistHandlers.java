// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;

/** {@code vm_assist(cmd, type)}: a translated guest has one option, the flag that tells that runstates are being written. */
final class VmAssistHandlers {
    void bind(HypercallTable table) {
        table.bind(HypercallOp.VM_ASSIST, call -> {
            int type = (int) call.word(1);
            if (type != VmAssist.TYPE_RUNSTATE_UPDATE_FLAG) {
                return -XenErrno.EINVAL;
            }
            int command = (int) call.word(0);
            if (command != VmAssist.CMD_ENABLE && command != VmAssist.CMD_DISABLE) {
                return -XenErrno.ENOSYS;
            }
            call.caller().assist(type, command == VmAssist.CMD_ENABLE);
            return 0;
        });
    }
}
