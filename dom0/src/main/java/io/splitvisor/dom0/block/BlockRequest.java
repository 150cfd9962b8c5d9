// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestIndirect;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.driver.backend.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A guest's request on its way through the back end. Made once for each slot of a ring and used again and again.
 *
 * <p>{@link #take} copies the request out of the ring once, checks the copy, and maps the pages it names: only what it
 * calls {@link #READY} goes on to the store, so nothing behind it sees an unchecked number. The guest may change its ring
 * and its segment pages at any time; nothing is read there twice.
 */
final class BlockRequest extends StoreRequest {
    /** {@link #take}'s answer for a request that the store has to serve; all others are BLKIF_RSP statuses. */
    static final int READY = 1;

    private static final int SECTORS_PER_PAGE = 8;
    private static final int PAGE = 4096;

    /** What the store has to do for one request, in this order. */
    private enum Steps {
        ONE,
        FLUSH_WRITE,
        FLUSH_WRITE_FLUSH
    }

    private final Request request;
    private final Disk disk;
    private final QueueStatistics statistics;
    private final MemorySegment copy;
    private final MemorySegment segments;
    private int operation;
    private long sector;
    private long sectorCount;
    private Steps steps = Steps.ONE;
    private int step;
    private boolean data;
    private int result;

    BlockRequest(Request request, Arena arena, Disk disk, QueueStatistics statistics) {
        super(arena, BlockOptions.MOST_SEGMENTS);
        this.request = request;
        this.disk = disk;
        this.statistics = statistics;
        this.copy = request.memory();
        this.segments = arena.allocate((long) BlockOptions.MOST_SEGMENTS * BlkifRequestSegment.SIZE, 8);
    }

    /**
     * Checks the request that stands in the copy, and maps its pages.
     *
     * @return {@link #READY}, or the status to answer with
     */
    int take() {
        started(statistics.batch(request.batchTime()));
        operation = BlkifRequest.OPERATION.get(copy, 0);
        sector = BlkifRequest.SECTOR_NUMBER.get(copy, 0);
        sectorCount = 0;
        steps = Steps.ONE;
        step = 0;
        data = false;
        return switch (operation) {
            case BlkifOp.READ -> direct(false);
            case BlkifOp.WRITE -> direct(true);
            case BlkifOp.INDIRECT -> indirect();
            case BlkifOp.FLUSH_DISKCACHE, BlkifOp.WRITE_BARRIER -> flushOrBarrier();
            case BlkifOp.DISCARD -> discard();
            default -> BlkifStatus.EOPNOTSUPP;
        };
    }

    private int direct(boolean write) {
        int count = BlkifRequest.NR_SEGMENTS.get(copy, 0);
        if (count == 0 || count > Blkif.MAX_SEGMENTS_PER_REQUEST) {
            return BlkifStatus.ERROR;
        }
        return transfer(write, copy, BlkifRequest.SEG.at(0, 0), count);
    }

    private int indirect() {
        int count = BlkifRequestIndirect.NR_SEGMENTS.get(copy, 0);
        int kind = BlkifRequestIndirect.INDIRECT_OP.get(copy, 0);
        int most = disk.options().maxIndirectSegments();
        if (most == 0) {
            return BlkifStatus.EOPNOTSUPP;
        }
        if ((kind != BlkifOp.READ && kind != BlkifOp.WRITE) || count == 0 || count > most) {
            return BlkifStatus.ERROR;
        }
        // 256 segments fit into one page of 512.
        long bytes = (long) count * BlkifRequestSegment.SIZE;
        int gref =
                BlkifRequestIndirect.INDIRECT_GREFS.element().get(copy, BlkifRequestIndirect.INDIRECT_GREFS.at(0, 0));
        if (request.copyFrom(gref, 0, segments, 0, bytes) != GrantStatus.OKAY) {
            return BlkifStatus.ERROR;
        }
        return transfer(kind == BlkifOp.WRITE, segments, 0, count);
    }

    /** A flush may carry data, which is written after it; a barrier also flushes that. */
    private int flushOrBarrier() {
        if (!disk.offersFlush()) {
            return BlkifStatus.EOPNOTSUPP;
        }
        int count = BlkifRequest.NR_SEGMENTS.get(copy, 0);
        if (count != 0) {
            int status = direct(true);
            if (status != READY) {
                return status;
            }
            steps = operation == BlkifOp.WRITE_BARRIER ? Steps.FLUSH_WRITE_FLUSH : Steps.FLUSH_WRITE;
        }
        flush();
        return READY;
    }

    private int discard() {
        long count = BlkifRequestDiscard.NR_SECTORS.get(copy, 0);
        int status = disk.checkRange(sector, count, true);
        if (status != BlkifStatus.OKAY) {
            return status;
        }
        boolean secure = (BlkifRequestDiscard.FLAG.get(copy, 0) & Blkif.DISCARD_SECURE) != 0;
        if (secure || !disk.offersDiscard()) {
            return BlkifStatus.EOPNOTSUPP;
        }
        discard(sector * StoreGeometry.SECTOR, count * StoreGeometry.SECTOR);
        return READY;
    }

    /** Checks the segments, then maps their pages. They are in private memory already. */
    private int transfer(boolean write, MemorySegment from, long at, int count) {
        long total = 0;
        for (int i = 0; i < count; i++) {
            long segment = at + (long) i * BlkifRequestSegment.SIZE;
            int first = BlkifRequestSegment.FIRST_SECT.get(from, segment);
            int last = BlkifRequestSegment.LAST_SECT.get(from, segment);
            if (last >= SECTORS_PER_PAGE || first > last || !disk.isAligned(last - first + 1)) {
                return BlkifStatus.ERROR;
            }
            total += last - first + 1;
        }
        int status = disk.checkRange(sector, total, write);
        if (status != BlkifStatus.OKAY) {
            return status;
        }
        data().clear();
        for (int i = 0; i < count; i++) {
            long segment = at + (long) i * BlkifRequestSegment.SIZE;
            // What the disk's data goes into has to be writable, and what is written to it need not be.
            long page = request.map(BlkifRequestSegment.GREF.get(from, segment), !write);
            if (page < 0) {
                return BlkifStatus.ERROR;
            }
            int first = BlkifRequestSegment.FIRST_SECT.get(from, segment);
            int length = BlkifRequestSegment.LAST_SECT.get(from, segment) - first + 1;
            data().add(page + (long) first * StoreGeometry.SECTOR, (long) length * StoreGeometry.SECTOR);
        }
        assert data().bytes() <= (long) count * PAGE;
        sectorCount = total;
        data = true;
        transfer(write, sector * StoreGeometry.SECTOR);
        return READY;
    }

    /**
     * Goes on to what the store has to do next for this request.
     *
     * @return false if that was all
     */
    boolean advance() {
        step++;
        if (steps != Steps.ONE && step == 1) {
            transfer(true, sector * StoreGeometry.SECTOR);
            return true;
        }
        if (steps == Steps.FLUSH_WRITE_FLUSH && step == 2) {
            flush();
            return true;
        }
        return false;
    }

    @Override
    public void completed(int value) {
        result = value;
        request.resume();
    }

    /** What {@link #completed} was told. */
    int result() {
        return result;
    }

    /** The guest's request. */
    Request request() {
        return request;
    }

    /** Where it is counted. */
    QueueStatistics statistics() {
        return statistics;
    }

    /** The BLKIF_OP number as the guest gave it. */
    int blkifOperation() {
        return operation;
    }

    /** Whether nothing behind it in the ring may start before it is done, and nothing before it may still be going on. */
    boolean isBarrier() {
        return BlkifRequest.OPERATION.get(copy, 0) == BlkifOp.WRITE_BARRIER;
    }

    /** Whether it moves data, and not only flushes or discards. */
    boolean movesData() {
        return data;
    }

    /** Data to be moved, in 512-byte sectors. */
    long sectors() {
        return sectorCount;
    }
}
