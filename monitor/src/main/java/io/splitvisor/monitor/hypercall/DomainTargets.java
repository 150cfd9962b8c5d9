// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;

/** Which domain an operation is about, and whether the caller may do that ({@code XSM_TARGET}). */
final class DomainTargets {
    private final Monitor monitor;

    DomainTargets(Monitor monitor) {
        this.monitor = monitor;
    }

    /** The domain that a number names, DOMID_SELF included; null if there is none. */
    Domain find(HypercallContext call, int domid) {
        if (call.isSelf(domid)) {
            return call.caller();
        }
        return domid == 0 ? monitor.dom0() : monitor.find(domid);
    }

    /** Whether the caller is the domain, or a privileged one. */
    static boolean permitted(HypercallContext call, Domain domain) {
        return domain == call.caller() || call.caller().privileged();
    }
}
