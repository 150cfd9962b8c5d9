// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.hypercall.HypercallBatch;

/** Makes the largest batches that a ring holds, one behind the other, for ever. */
public final class FloodGuest implements Guest {
    @Override
    public void run(GuestDomain domain) {
        HypercallBatch[] batches = new HypercallBatch[2];
        for (int i = 0; i < batches.length; i++) {
            batches[i] = domain.newBatch(domain.hypercalls().ring().slots() / batches.length);
        }
        System.out.println("flooding");
        while (!Thread.interrupted()) {
            for (HypercallBatch batch : batches) {
                batch.await();
                batch.clear();
                for (int i = 0; i < batch.capacity(); i++) {
                    batch.version().version();
                }
                batch.submit();
            }
        }
    }
}
