// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.HostFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds out what a file or block device can do. */
final class FileGeometry {
    private static final int PAGE = 4096;

    private FileGeometry() {}

    static StoreGeometry of(HostFile file, StoreOptions options) {
        long sectors = file.size() / StoreGeometry.SECTOR;
        if (sectors == 0) {
            throw new IllegalArgumentException("it has no whole sector of 512 bytes");
        }
        boolean writable = !options.readOnly();
        if (!file.isBlockDevice()) {
            boolean discard = writable && options.discard() && canPunchHoles(file);
            return new StoreGeometry(sectors, StoreGeometry.SECTOR, PAGE, options.readOnly(), true, discard);
        }
        int physical = (int) Math.max(file.sectorSize(), queueLimit(file, "physical_block_size"));
        boolean discard = writable && options.discard() && queueLimit(file, "discard_max_bytes") > 0;
        return new StoreGeometry(sectors, file.sectorSize(), physical, options.readOnly(), true, discard);
    }

    /** What a guest does not see of an image of this size; empty where it sees all. */
    static Optional<String> leftOut(long bytes) {
        long rest = bytes % StoreGeometry.SECTOR;
        return rest == 0
                ? Optional.empty()
                : Optional.of("its size is no multiple of " + StoreGeometry.SECTOR + " bytes: the last " + rest
                        + " bytes are left out");
    }

    /** A hole behind the end changes nothing, but an old file system refuses it. */
    private static boolean canPunchHoles(HostFile file) {
        return file.discard((file.size() + PAGE - 1) / PAGE * PAGE, PAGE) == 0;
    }

    private static long queueLimit(HostFile device, String name) {
        try {
            Path inSysfs = Path.of("/sys/class/block")
                    .resolve(Path.of(device.path()).toRealPath().getFileName())
                    .toRealPath();
            Path limit = inSysfs.resolve("queue").resolve(name);
            if (!Files.exists(limit)) {
                // A partition: the queue is the whole disk's.
                limit = inSysfs.resolveSibling("queue").resolve(name);
            }
            return Long.parseLong(Files.readString(limit).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }
}
