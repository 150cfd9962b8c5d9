// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Domain;

/** {@code xen_version(cmd, arg)}: which ABI this is. */
final class XenVersionCalls implements HypercallTable.Operation {
    private static final int MAJOR = 4;
    private static final int MINOR = 17;

    @Override
    public long call(Domain caller, long[] arguments) {
        if (arguments[0] < 0 || arguments[0] > Integer.MAX_VALUE) {
            return -XenErrno.ENOSYS;
        }
        return switch ((int) arguments[0]) {
            case XenVersion.VERSION -> MAJOR << 16 | MINOR;
            case XenVersion.PAGESIZE -> DomainLayout.PAGE_SIZE;
            default -> -XenErrno.ENOSYS;
        };
    }
}
