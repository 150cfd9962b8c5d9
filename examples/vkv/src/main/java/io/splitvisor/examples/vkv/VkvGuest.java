// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;

/** The load profile through the device: {@code extra = "SECONDS BATCH VALUE KEYS"}. */
public final class VkvGuest implements Guest {
    @Override
    public void run(GuestDomain domain) {
        try (VkvFrontend store = new VkvFrontend(domain.frontends(), 0);
                VkvBatch batch = store.newBatch()) {
            LoadProfile.of(domain.arguments()).run("vkv", new Batches(batch));
            store.sync();
        }
    }

    private record Batches(VkvBatch batch) implements LoadProfile.Store {
        @Override
        public void get(byte[] key) {
            batch.get(key);
        }

        @Override
        public void put(byte[] key, byte[] value) {
            batch.put(key, value);
        }

        @Override
        public void run() {
            batch.run();
        }
    }
}
