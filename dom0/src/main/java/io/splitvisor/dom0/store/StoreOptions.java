// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/**
 * How to open a store.
 *
 * @param readOnly whether nobody will write to it
 * @param direct whether to pass the host's page cache by ({@code direct-io-safe} in a disk specification); files and
 *     devices only
 * @param discard whether the guest may give sectors back, where the store can take them
 */
public record StoreOptions(boolean readOnly, boolean direct, boolean discard) {
    /** For reading and writing, through the page cache, with discard. */
    public static StoreOptions readWrite() {
        return new StoreOptions(false, false, true);
    }

    /** For reading only. */
    public static StoreOptions forReading() {
        return new StoreOptions(true, false, false);
    }
}
