// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/** A raw image behind a real qemu-nbd. */
class NbdStoreRawIT extends QemuNbdContract {
    NbdStoreRawIT() {
        super("raw");
    }
}
