// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A raw image behind a real qemu-nbd. */
class NbdStoreRawIT extends BlockStoreContract {
    @TempDir
    Path folder;

    private final List<QemuNbd> servers = new ArrayList<>();

    @BeforeEach
    void assume() {
        QemuNbd.assumeInstalled();
    }

    @Override
    BlockStore open() throws Exception {
        Path image = folder.resolve("disk.raw");
        Path socket = folder.resolve("nbd" + servers.size() + ".sock");
        QemuNbd.makeImage(image, "raw", SIZE);
        servers.add(QemuNbd.serve(image, "raw", socket));
        return BlockStores.open("nbd:unix:" + socket, StoreOptions.readWrite());
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (QemuNbd server : servers) {
            server.close();
        }
    }
}
