// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.util.Locale;

/** A guest that prints its arguments as they come back, and measures how long that takes. */
public final class VechoGuest implements Guest {
    private static final int CALLS = 20_000;

    @Override
    public void run(GuestDomain domain) {
        try (VechoFrontend vecho = new VechoFrontend(domain.frontends(), 0)) {
            System.out.println(vecho.echo(String.join(" ", domain.arguments())));
            long best = Long.MAX_VALUE;
            for (int round = 0; round < 5; round++) {
                long start = System.nanoTime();
                for (int i = 0; i < CALLS; i++) {
                    vecho.echo("hello");
                }
                best = Math.min(best, System.nanoTime() - start);
            }
            System.out.printf(Locale.ROOT, "a call takes %.1f microseconds%n", best / 1e3 / CALLS);
        }
    }
}
