// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.domains;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.io.IOException;

/** Says that it runs, then echoes what it reads, byte by byte. */
public final class IdleGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws IOException {
        System.out.println("up");
        for (int b = System.in.read(); b >= 0; b = System.in.read()) {
            System.out.write(b);
            System.out.flush();
        }
    }
}
