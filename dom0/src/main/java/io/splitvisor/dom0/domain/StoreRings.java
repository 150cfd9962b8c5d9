// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.xenstored.DomainRings;
import io.splitvisor.dom0.xenstored.RingPage;
import java.util.Map;

/** What xenstored learns of domains when somebody introduces one over the wire. */
final class StoreRings implements DomainRings {
    private final Map<Integer, GuestDomain> domains;
    private final HypervisorLog log;

    StoreRings(Map<Integer, GuestDomain> domains, HypervisorLog log) {
        this.domains = domains;
        this.log = log;
    }

    @Override
    public RingPage map(int domid, long gfn, int port) {
        GuestDomain guest = domains.get(domid);
        boolean known = guest != null
                && gfn == guest.welcome().layout().xenstore()
                && port == guest.welcome().xenstorePort();
        return known ? guest.storeRing() : null;
    }

    @Override
    public boolean exists(int domid) {
        // A dying domain gets no new permissions: xenstored is about to forget it, or has (row X23).
        GuestDomain guest = domains.get(domid);
        return domid == 0 || (guest != null && !guest.dying());
    }

    @Override
    public void misbehaved(int domid, String what) {
        log.add(domid, "xenstore: " + what);
    }
}
