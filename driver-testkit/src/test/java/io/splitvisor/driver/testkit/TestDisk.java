// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;

/** A disk that has nothing on it and does everything at once, in the loop: what is tested is the way there. */
final class TestDisk implements BlockStore {
    private final StoreGeometry geometry;

    TestDisk(int sectors) {
        geometry = new StoreGeometry(sectors, 512, 4096, false, true, true);
    }

    @Override
    public StoreGeometry geometry() {
        return geometry;
    }

    @Override
    public int depth() {
        return 4096;
    }

    @Override
    public int submit(StoreRequest request) {
        return 0;
    }

    @Override
    public void push() {
        // Everything is done already.
    }

    @Override
    public String name() {
        return "nothing";
    }

    @Override
    public void close() {
        // There is nothing to close.
    }
}
