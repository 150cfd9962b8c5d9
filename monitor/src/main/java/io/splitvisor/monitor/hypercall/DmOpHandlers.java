// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;

/** {@code dm_op(domid, nr_bufs, bufs)}: no domain has a device model, so this only refuses, in Xen's order (row H12). */
final class DmOpHandlers {
    private static final int BUFFER = 16;
    private static final int MOST_BUFFERS = 3;

    private final DomainTargets targets;

    DmOpHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.DM_OP, this::serve);
    }

    private long serve(HypercallContext call) {
        int buffers = (int) call.word(1);
        if (buffers == 0) {
            return -XenErrno.ENODATA;
        }
        if (Integer.compareUnsigned(buffers, MOST_BUFFERS) > 0) {
            return -XenErrno.E2BIG;
        }
        if (!call.caller().memory().isAccessible(call.word(2), (long) buffers * BUFFER)) {
            return -XenErrno.EFAULT;
        }
        int domid = (int) call.word(0) & 0xffff;
        if (!call.isSelf(domid) && targets.find(call, domid) == null) {
            return -XenErrno.ESRCH;
        }
        return call.caller().privileged() && !call.isSelf(domid) ? -XenErrno.EOPNOTSUPP : -XenErrno.EPERM;
    }
}
