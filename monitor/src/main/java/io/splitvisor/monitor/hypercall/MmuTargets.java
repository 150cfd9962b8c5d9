// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;

/** Whose pages and whose tables a call is about, as {@code get_pg_owner} finds them. */
final class MmuTargets {
    private static final int DOMID_BITS = 0xffff;

    private final Monitor monitor;

    MmuTargets(Monitor monitor) {
        this.monitor = monitor;
    }

    /** The owner of pages: DOMID_SELF is the caller, whose own number nobody may use; null if there is none. */
    Domain pageOwner(HypercallContext call, long word) {
        int domid = (int) word & DOMID_BITS;
        if (domid == DomId.SELF) {
            return call.caller();
        }
        return domid == call.caller().domid() ? null : monitor.find(domid);
    }

    /** The owner of tables, in the upper half as its number plus 1; 0 is the caller. Null if there is none. */
    Domain tableOwner(HypercallContext call, long word) {
        int domid = ((int) word >>> Short.SIZE) - 1;
        return domid < 0 || domid == call.caller().domid() ? call.caller() : monitor.find(domid);
    }
}
