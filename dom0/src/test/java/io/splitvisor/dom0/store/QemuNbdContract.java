// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An image of some format behind a real qemu-nbd. */
abstract class QemuNbdContract extends BlockStoreContract {
    @TempDir
    Path folder;

    private final String format;
    private final List<QemuNbd> servers = new ArrayList<>();

    /** @param format as qemu-img calls it */
    QemuNbdContract(String format) {
        this.format = format;
    }

    @BeforeEach
    void assume() {
        QemuNbd.assumeInstalled();
    }

    @Override
    BlockStore open() throws Exception {
        Path image = folder.resolve("disk." + format);
        Path socket = folder.resolve("nbd" + servers.size() + ".sock");
        QemuNbd.makeImage(image, format, SIZE);
        servers.add(QemuNbd.serve(image, format, socket));
        return BlockStores.open("nbd:unix:" + socket, StoreOptions.readWrite());
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (QemuNbd server : servers) {
            server.close();
        }
    }
}
