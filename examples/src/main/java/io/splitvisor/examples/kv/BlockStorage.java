// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

import io.splitvisor.domu.block.BlockDevice;
import java.lang.foreign.MemorySegment;

/** A guest's disk as the store's. */
final class BlockStorage implements SectorStorage {
    private final BlockDevice disk;

    BlockStorage(BlockDevice disk) {
        this.disk = disk;
    }

    @Override
    public long sectors() {
        return disk.size() / SECTOR;
    }

    @Override
    public void read(long sector, byte[] buffer) {
        disk.read(sector, MemorySegment.ofArray(buffer));
    }

    @Override
    public void write(long sector, byte[] buffer) {
        disk.write(sector, MemorySegment.ofArray(buffer));
    }

    @Override
    public void flush() {
        disk.flush();
    }
}
