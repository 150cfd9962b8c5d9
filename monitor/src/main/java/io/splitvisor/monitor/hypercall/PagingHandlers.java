// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import java.util.List;

/** The calls and traps about page tables. A domain without such a mode is what Xen calls translated (row M19). */
final class PagingHandlers {
    private static final List<HypercallOp> OPERATIONS = List.of(
            HypercallOp.MMU_UPDATE,
            HypercallOp.UPDATE_VA_MAPPING,
            HypercallOp.UPDATE_VA_MAPPING_OTHERDOMAIN,
            HypercallOp.MMUEXT_OP,
            HypercallOp.PAGING_FAULT,
            HypercallOp.PAGING_WRITE,
            HypercallOp.PAGING_COMPARE_AND_SET,
            HypercallOp.PAGING_INVLPG,
            HypercallOp.PAGING_LOAD_CR3,
            HypercallOp.PAGING_CONTROL,
            HypercallOp.PAGING_EPT_VIOLATION,
            HypercallOp.PAGING_EPT_MISCONFIGURATION);

    void bind(HypercallTable table) {
        OPERATIONS.forEach(op -> table.bind(op, _ -> -XenErrno.EOPNOTSUPP));
    }
}
