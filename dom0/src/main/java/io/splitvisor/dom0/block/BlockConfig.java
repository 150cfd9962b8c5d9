// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.dom0.store.BlockStore;

/**
 * A virtual disk to be attached.
 *
 * @param frontendDomid whose it will be
 * @param devid its number in xenstore's paths, 51712 for xvda
 * @param name the guest's name for it, {@code xvda}
 * @param store its bytes; belongs to the back end from now on
 * @param readOnly whether the guest may only read
 * @param cdrom whether to call it a CD-ROM
 * @param trusted whether the guest may trust this back end ({@code trusted} node)
 * @param options what it offers
 */
public record BlockConfig(
        int frontendDomid,
        int devid,
        String name,
        BlockStore store,
        boolean readOnly,
        boolean cdrom,
        boolean trusted,
        BlockOptions options) {
    /** A disk with everything that there is to offer. */
    public static BlockConfig of(int frontendDomid, int devid, String name, BlockStore store, boolean readOnly) {
        return new BlockConfig(frontendDomid, devid, name, store, readOnly, false, true, BlockOptions.defaults());
    }

    /** Checks the ranges. */
    public BlockConfig {
        if (frontendDomid < 1 || frontendDomid >= 0x7ff0) {
            throw new IllegalArgumentException("domid " + frontendDomid + " is out of range");
        }
        if (devid < 0) {
            throw new IllegalArgumentException("device number " + devid + " is out of range");
        }
    }
}
