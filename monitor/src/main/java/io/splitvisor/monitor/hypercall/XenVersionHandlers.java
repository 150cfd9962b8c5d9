// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;

/** {@code xen_version(cmd, arg)}: which ABI this is. */
final class XenVersionHandlers {
    private static final int MAJOR = 4;
    private static final int MINOR = 17;

    void bind(HypercallTable table) {
        table.bind(HypercallOp.XENVER_VERSION, _ -> MAJOR << 16 | MINOR);
        table.bind(HypercallOp.XENVER_PAGESIZE, _ -> DomainLayout.PAGE_SIZE);
    }
}
