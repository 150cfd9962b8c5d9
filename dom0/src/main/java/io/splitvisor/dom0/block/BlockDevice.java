// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.dom0.block.QueueStatistics.Counter;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.Connection;
import io.splitvisor.driver.backend.Offer;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.host.Errno;
import java.lang.foreign.Arena;

/**
 * A virtual disk: brings requests to its store and answers them. In the domain's loop: no locks, and nothing made per request.
 */
final class BlockDevice implements BackendDevice {
    private static final String[] FLUSHES = {Blkif.FLUSH_CACHE.name(), Blkif.BARRIER.name()};

    private final Disk disk;
    private final BlockStore store;
    private final boolean cdrom;
    private final QueueStatistics.Totals totals;
    private Arena arena;
    private QueueStatistics[] queues;
    private Connection connection;

    BlockDevice(Disk disk, boolean cdrom, QueueStatistics.Totals totals) {
        this.disk = disk;
        this.store = disk.store();
        this.cdrom = cdrom;
        this.totals = totals;
    }

    @Override
    public void offer(Offer offer) {
        StoreGeometry geometry = store.geometry();
        BlockOptions options = disk.options();
        offer.queues(options.maxQueues())
                .ringPageOrder(options.maxRingPageOrder())
                .keptGrants(options.maxPersistentGrants())
                .feature(Blkif.PERSISTENT, options.persistent())
                .feature(Blkif.MAX_INDIRECT_SEGMENTS, options.maxIndirectSegments())
                .feature(Blkif.FLUSH_CACHE, disk.offersFlush())
                .feature(Blkif.BARRIER, disk.offersFlush())
                .feature(Blkif.DISCARD, disk.offersDiscard())
                .feature(Blkif.DISCARD_GRANULARITY, disk.offersDiscard() ? geometry.physicalSectorSize() : 0)
                .feature(Blkif.SECTORS, geometry.sectors())
                .feature(Blkif.SECTOR_SIZE, geometry.sectorSize())
                .feature(Blkif.PHYSICAL_SECTOR_SIZE, geometry.physicalSectorSize())
                .feature(Blkif.INFO, (cdrom ? Blkif.VDISK_CDROM : 0) | (disk.isReadOnly() ? Blkif.VDISK_READONLY : 0))
                .node("mode", disk.isReadOnly() ? "r" : "w");
    }

    @Override
    public void connect(Connection next) {
        connection = next;
        arena = Arena.ofShared();
        queues = new QueueStatistics[next.queues()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = totals.newQueue();
        }
    }

    @Override
    public void prepare(Request request) {
        request.attach(new BlockRequest(request, arena, disk, queues[request.queue()]));
    }

    @Override
    public void request(Request request) {
        BlockRequest block = (BlockRequest) request.attachment();
        if (block.isBarrier() && disk.offersFlush() && !request.exclusive()) {
            return;
        }
        int status = block.take();
        if (status == BlockRequest.READY) {
            submit(block);
        } else {
            respond(block, status);
        }
    }

    private void submit(BlockRequest block) {
        int result = store.submit(block);
        if (result != BlockStore.PENDING) {
            block.statistics().finished(block);
            finish(block, result);
        }
    }

    /** The store is done with a request that was left pending. */
    @Override
    public void resumed(Request request) {
        BlockRequest block = (BlockRequest) request.attachment();
        block.statistics().batch(request.batchTime());
        finish(block, block.result());
    }

    private void finish(BlockRequest block, int result) {
        if (result == 0 && block.advance()) {
            submit(block);
        } else if (result == 0) {
            respond(block, BlkifStatus.OKAY);
        } else {
            respond(block, refused(block, result) ? BlkifStatus.EOPNOTSUPP : BlkifStatus.ERROR);
        }
    }

    /** Whether the store does not do such things at all. */
    private boolean refused(BlockRequest block, int result) {
        if (result != -Errno.EOPNOTSUPP) {
            return false;
        }
        if (block.operation() == StoreRequest.Operation.FLUSH && disk.withdrawFlush()) {
            for (String node : FLUSHES) {
                connection.tell(node, 0);
            }
        }
        return block.operation() == StoreRequest.Operation.FLUSH || block.operation() == StoreRequest.Operation.DISCARD;
    }

    private static void respond(BlockRequest block, int status) {
        count(block, status);
        Request request = block.request();
        request.moved(block.sectors() * StoreGeometry.SECTOR);
        if (status == BlkifStatus.OKAY) {
            request.complete();
        } else {
            request.fail(status);
        }
    }

    private static void count(BlockRequest block, int status) {
        QueueStatistics statistics = block.statistics();
        statistics.latency(block);
        if (status != BlkifStatus.OKAY) {
            statistics.add(Counter.ERRORS, 1);
        } else if (block.blkifOperation() == BlkifOp.FLUSH_DISKCACHE || block.isBarrier()) {
            statistics.add(Counter.FLUSHES, 1);
            statistics.add(Counter.WRITE_SECTORS, block.sectors());
        } else if (block.blkifOperation() == BlkifOp.DISCARD) {
            statistics.add(Counter.DISCARDS, 1);
        } else if (block.operation() == StoreRequest.Operation.WRITE) {
            statistics.add(Counter.WRITES, 1);
            statistics.add(Counter.WRITE_SECTORS, block.sectors());
        } else {
            statistics.add(Counter.READS, 1);
            statistics.add(Counter.READ_SECTORS, block.sectors());
        }
    }

    @Override
    public void batchEnd() {
        store.push();
    }

    @Override
    public void disconnect(Connection over, String why) {
        for (QueueStatistics queue : queues) {
            totals.retire(queue);
        }
        arena.close();
    }

    @Override
    public void close() {
        store.close();
    }
}
