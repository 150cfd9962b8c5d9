// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.hypercall.HypercallBatch;

/** Does what most guests do at their start. */
public final class TrainingGuest implements Guest {
    private static final int BACKEND = 0;

    /** The runtime makes guests by this constructor. */
    public TrainingGuest() {}

    @Override
    public void run(GuestDomain domain) {
        System.out.println("rehearsal: domain " + domain.domid());
        System.out.println("rehearsal: name " + domain.name());
        int frame = domain.memory().allocate();
        int ref = domain.grants().grantAccess(BACKEND, frame, false);
        int port = domain.events().allocUnbound(BACKEND, () -> {});
        domain.xenstore().write("data/ring-ref", Integer.toString(ref));
        HypercallBatch batch = domain.newBatch(2);
        batch.version().version();
        batch.evtchn().send(port);
        batch.run();
        System.out.println("rehearsal: Xen " + (batch.result(0) >> 16) + '.' + (batch.result(0) & 0xffff));
        domain.events().close(port);
        domain.grants().endAccess(ref, frame);
    }
}
