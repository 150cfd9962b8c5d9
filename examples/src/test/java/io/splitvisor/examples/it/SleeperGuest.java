// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.abi.Virq;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.util.concurrent.Semaphore;

/** Suspends itself twice, and says after each time which of the things that it had bound before still work. */
public final class SleeperGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws InterruptedException {
        Semaphore timer = new Semaphore(0);
        Semaphore interrupt = new Semaphore(0);
        domain.events().bindVirq(Virq.TIMER, 0, timer::release);
        int ipi = domain.events().bindIpi(domain.vcpuCount() - 1, interrupt::release);
        for (int round = 1; round <= 2; round++) {
            boolean anew = domain.suspend();
            domain.hypercalls().setTimer(domain.clock().nanos() + 1_000_000);
            timer.acquire();
            domain.events().send(ipi);
            interrupt.acquire();
            String name = domain.xenstore().read("name");
            System.out.println("round " + round + ": a new domain " + anew + ", a timer, an interrupt, a store"
                    + (name.equals("sleeper") ? "" : " of " + name));
        }
    }
}
