// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/** A qcow2 image behind a real qemu-nbd. */
class NbdStoreQcow2IT extends QemuNbdContract {
    NbdStoreQcow2IT() {
        super("qcow2");
    }
}
