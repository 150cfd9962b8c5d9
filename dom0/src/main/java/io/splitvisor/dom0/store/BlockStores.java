// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/** Opens stores: the only place that knows which kinds there are. */
public final class BlockStores {
    private BlockStores() {}

    /**
     * Opens a store by its name.
     *
     * @param target the path of a raw image or block device, or an NBD export: {@code nbd:unix:PATH[:exportname=X]},
     *     {@code nbd://HOST[:PORT][/EXPORT]}, {@code nbd+unix:///[EXPORT]?socket=PATH}
     * @throws StoreException if it cannot be opened
     */
    public static BlockStore open(String target, StoreOptions options) {
        if (NbdAddress.isNbd(target)) {
            return NbdStore.connect(NbdAddress.parse(target), options);
        }
        return FileStore.open(target, options);
    }
}
