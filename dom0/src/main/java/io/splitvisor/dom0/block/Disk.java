// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;

/** What a guest may do to a store, and the checks that follow from it. */
final class Disk {
    private final BlockStore store;
    private final BlockOptions options;
    private final long sectors;
    private final int sectorMask;
    private final boolean readOnly;
    private final boolean discard;
    private volatile boolean flush;

    Disk(BlockStore store, boolean readOnly, BlockOptions options) {
        StoreGeometry geometry = store.geometry();
        this.store = store;
        this.options = options;
        this.sectors = geometry.sectors();
        this.sectorMask = geometry.sectorSize() / StoreGeometry.SECTOR - 1;
        this.readOnly = readOnly || geometry.readOnly();
        this.discard = geometry.discard() && !this.readOnly;
        this.flush = geometry.flush();
    }

    BlockStore store() {
        return store;
    }

    BlockOptions options() {
        return options;
    }

    boolean isReadOnly() {
        return readOnly;
    }

    boolean offersFlush() {
        return flush;
    }

    boolean offersDiscard() {
        return discard;
    }

    /** The store turned out not to be able to flush. True if that is news. */
    boolean withdrawFlush() {
        boolean news = flush;
        flush = false;
        return news;
    }

    /** Whether a number of 512-byte sectors is made of whole sectors of the store. */
    boolean isAligned(long number) {
        return (number & sectorMask) == 0;
    }

    /**
     * Whether a range may be written, or read. Sector numbers are unsigned.
     *
     * @return a BLKIF_RSP status
     */
    int checkRange(long sector, long count, boolean write) {
        boolean inside =
                Long.compareUnsigned(count, sectors) <= 0 && Long.compareUnsigned(sector, sectors - count) <= 0;
        boolean ok = inside && isAligned(sector) && isAligned(count) && !(write && readOnly);
        return ok ? BlkifStatus.OKAY : BlkifStatus.ERROR;
    }
}
