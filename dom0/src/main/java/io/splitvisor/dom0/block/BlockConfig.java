// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.dom0.store.BlockStore;
import java.util.function.Supplier;

/**
 * A virtual disk to be attached.
 *
 * @param frontendDomid whose it will be
 * @param devid its number in xenstore's paths, 51712 for xvda
 * @param name the guest's name for it, {@code xvda}
 * @param target the store's name as the user gave it
 * @param stores opens the store, which belongs to the device from then on; asked again when the back end is reloaded
 * @param readOnly whether the guest may only read
 * @param cdrom whether to call it a CD-ROM
 * @param trusted whether the guest may trust this back end ({@code trusted} node)
 * @param options what it offers
 */
public record BlockConfig(
        int frontendDomid,
        int devid,
        String name,
        String target,
        Supplier<BlockStore> stores,
        boolean readOnly,
        boolean cdrom,
        boolean trusted,
        BlockOptions options) {
    /** A disk with everything that there is to offer, on a store that is open already, and so cannot be reloaded. */
    public static BlockConfig of(int frontendDomid, int devid, String name, BlockStore store, boolean readOnly) {
        return new BlockConfig(
                frontendDomid, devid, name, store.name(), () -> store, readOnly, false, true, BlockOptions.defaults());
    }
}
