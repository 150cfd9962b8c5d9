// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.util.concurrent.CountDownLatch;

/** Says by which ABI it takes its events, and where an IPI arrives. */
public final class EventsGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws InterruptedException {
        System.out.println("arguments " + domain.arguments());
        System.out.println("fifo " + domain.events().isFifo());
        int last = domain.vcpuCount() - 1;
        CountDownLatch arrived = new CountDownLatch(1);
        int port = domain.events().bindIpi(last, () -> {
            System.out.println("ipi on " + Thread.currentThread().getName());
            arrived.countDown();
        });
        domain.events().send(port);
        arrived.await();
        domain.events().close(port);
        System.out.println("done");
    }
}
