// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestIndirect;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.driver.frontend.FrontQueue;
import io.splitvisor.driver.frontend.Link;
import io.splitvisor.driver.frontend.RingCall;
import io.splitvisor.driver.frontend.SharedPages;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.FrontendMemory;
import java.lang.foreign.MemorySegment;

/**
 * A request with a buffer of its own, made once and submitted again and again ({@link BlockDevice#newIo}). Only the
 * buffer's pages are shared with the back end, and nothing else ever lies in them.
 *
 * <p>Belongs to one thread at a time. From {@link FrontQueue#submit} until {@link #isDone} it belongs to the queue: neither
 * buffer nor request may be touched.
 */
public final class BlockIo extends RingCall implements AutoCloseable {
    private static final int SECTOR = 512;
    private static final int PAGE = FrontendMemory.PAGE_SIZE;
    private static final int SECTORS_PER_PAGE = PAGE / SECTOR;

    /** The status of a request that was never answered, because the disk is gone. */
    private static final int STATUS_GONE = Integer.MIN_VALUE;

    /** The same, because the back end broke the rules. */
    private static final int STATUS_MISBEHAVED = Integer.MIN_VALUE + 1;

    private final BlockDevice device;
    private final SharedPages buffer;

    /** The list of segments of an indirect request; null for a buffer that needs none. */
    private final SharedPages segments;

    /** The length that the list is for: it stays for the next transfer of as much, and in the back end's cache. */
    private long listed;

    private final Completion completion;
    private int operation;
    private long sector;
    private long bytes;
    private int status;

    /** Told when a request is done, by the thread that found its response. Must not block. */
    @FunctionalInterface
    public interface Completion {
        /** The request is done; it may be submitted again from here. */
        void completed(BlockIo io);
    }

    BlockIo(BlockDevice device, FrontendDomain domain, int pages, Completion completion) {
        this.device = device;
        this.completion = completion;
        this.buffer = new SharedPages(domain, pages);
        this.segments = pages > Blkif.MAX_SEGMENTS_PER_REQUEST ? new SharedPages(domain, 1) : null;
    }

    /** The buffer; a transfer begins at its start. */
    public MemorySegment buffer() {
        return buffer.segment();
    }

    /** Prepares a read into the buffer. Sectors are of 512 bytes; both numbers are multiples of the disk's sector size. */
    public BlockIo read(long firstSector, long byteCount) {
        return transfer(BlkifOp.READ, firstSector, byteCount);
    }

    /** Prepares a write from the buffer. */
    public BlockIo write(long firstSector, long byteCount) {
        return transfer(BlkifOp.WRITE, firstSector, byteCount);
    }

    /** Prepares a write that comes after everything submitted to this queue before, and is durable when done. */
    public BlockIo barrier(long firstSector, long byteCount) {
        return transfer(BlkifOp.WRITE_BARRIER, firstSector, byteCount);
    }

    private BlockIo transfer(int kind, long firstSector, long byteCount) {
        requireUsable();
        long all = buffer.segment().byteSize();
        long most = kind == BlkifOp.WRITE_BARRIER ? Math.min(all, (long) Blkif.MAX_SEGMENTS_PER_REQUEST * PAGE) : all;
        if (byteCount <= 0 || byteCount > most || byteCount % SECTOR != 0) {
            throw new IllegalArgumentException("a transfer of " + byteCount + " bytes; the most is " + most);
        }
        operation = kind;
        sector = firstSector;
        bytes = byteCount;
        return this;
    }

    /** Prepares a flush: all writes that were done before it is submitted are durable when it is done. */
    public BlockIo flush() {
        requireUsable();
        operation = BlkifOp.FLUSH_DISKCACHE;
        sector = 0;
        bytes = 0;
        return this;
    }

    /** Prepares a discard. */
    public BlockIo discard(long firstSector, long byteCount) {
        requireUsable();
        operation = BlkifOp.DISCARD;
        sector = firstSector;
        bytes = byteCount;
        return this;
    }

    private void requireUsable() {
        requireIdle();
        if (buffer.isLost() || (segments != null && segments.isLost())) {
            throw new IllegalStateException("the back end never gave the buffer back");
        }
    }

    /** How a request that is done went: a BLKIF_RSP status, or another negative number if it was never answered. */
    public int status() {
        return switch (outcome()) {
            case ANSWERED -> status;
            case UNSUPPORTED -> BlkifStatus.EOPNOTSUPP;
            case GONE, LOST -> STATUS_GONE;
            case MISBEHAVED -> STATUS_MISBEHAVED;
        };
    }

    /** Whether a request that is done succeeded. */
    public boolean succeeded() {
        return status() == BlkifStatus.OKAY;
    }

    /**
     * Waits until the request is done.
     *
     * @throws BlockException if it failed
     */
    public void await() {
        awaitDone();
        check();
    }

    /** Throws what the status says. */
    private void check() {
        switch (status()) {
            case BlkifStatus.OKAY -> {}
            case BlkifStatus.EOPNOTSUPP -> throw failure(BlockException.Kind.UNSUPPORTED);
            case STATUS_GONE -> throw failure(BlockException.Kind.GONE);
            case STATUS_MISBEHAVED -> throw failure(BlockException.Kind.MISBEHAVED);
            default -> throw failure(BlockException.Kind.IO_ERROR);
        }
    }

    private BlockException failure(BlockException.Kind kind) {
        return new BlockException(
                kind,
                "disk " + device.devid() + ": " + BlkifOp.nameOf(operation) + " of " + bytes + " bytes at sector "
                        + sector + ": " + kind);
    }

    @Override
    protected void completed() {
        if (completion != null) {
            completion.completed(this);
        }
    }

    private boolean isWrite() {
        return operation == BlkifOp.WRITE || operation == BlkifOp.WRITE_BARRIER;
    }

    @Override
    protected long bytes() {
        return status == BlkifStatus.OKAY ? bytes : 0;
    }

    private int segments() {
        boolean data = isWrite() || operation == BlkifOp.READ;
        return data ? (int) ((bytes + PAGE - 1) / PAGE) : 0;
    }

    /** The operation that the response has to name. */
    private int wireOperation() {
        return segments() > Blkif.MAX_SEGMENTS_PER_REQUEST ? BlkifOp.INDIRECT : operation;
    }

    @Override
    protected boolean fits(Link link) {
        return segments() <= device.features().maxSegments();
    }

    @Override
    protected void put(MemorySegment ring, long at, Link link) {
        int count = segments();
        int handle = device.devid() & 0xffff;
        buffer.grant(link, count, isWrite());
        if (count > Blkif.MAX_SEGMENTS_PER_REQUEST) {
            segments.grant(link, 1, true);
            if (listed != bytes) {
                putSegments(segments.segment(), 0, count);
                listed = bytes;
            }
            BlkifRequestIndirect.OPERATION.set(ring, at, BlkifOp.INDIRECT);
            BlkifRequestIndirect.INDIRECT_OP.set(ring, at, operation);
            BlkifRequestIndirect.NR_SEGMENTS.set(ring, at, count);
            BlkifRequestIndirect.HANDLE.set(ring, at, handle);
            BlkifRequestIndirect.SECTOR_NUMBER.set(ring, at, sector);
            BlkifRequestIndirect.INDIRECT_GREFS
                    .element()
                    .set(ring, BlkifRequestIndirect.INDIRECT_GREFS.at(at, 0), segments.ref(0));
            return;
        }
        BlkifRequest.OPERATION.set(ring, at, operation);
        BlkifRequest.NR_SEGMENTS.set(ring, at, count);
        BlkifRequest.HANDLE.set(ring, at, handle);
        BlkifRequest.SECTOR_NUMBER.set(ring, at, sector);
        if (operation == BlkifOp.DISCARD) {
            BlkifRequestDiscard.NR_SECTORS.set(ring, at, bytes / SECTOR);
        } else {
            putSegments(ring, BlkifRequest.SEG.at(at, 0), count);
        }
    }

    @Override
    protected boolean take(MemorySegment ring, long at) {
        if (BlkifResponse.OPERATION.get(ring, at) != wireOperation()) {
            return false;
        }
        status = Math.min(BlkifResponse.STATUS.get(ring, at), 0);
        return true;
    }

    private void putSegments(MemorySegment to, long at, int count) {
        for (int i = 0; i < count; i++) {
            long segment = at + (long) i * BlkifRequestSegment.SIZE;
            int last = i < count - 1 ? SECTORS_PER_PAGE - 1 : (int) ((bytes / SECTOR - 1) % SECTORS_PER_PAGE);
            BlkifRequestSegment.GREF.set(to, segment, buffer.ref(i));
            BlkifRequestSegment.FIRST_SECT.set(to, segment, 0);
            BlkifRequestSegment.LAST_SECT.set(to, segment, last);
        }
    }

    @Override
    protected boolean reclaim() {
        boolean all = segments == null || segments.revoke();
        return buffer.revoke() && all;
    }

    @Override
    protected void lost() {
        buffer.abandon();
        if (segments != null) {
            segments.abandon();
        }
    }

    /** Gives the buffer back to the domain's memory; a page that the back end has mapped follows when it has not. */
    @Override
    public void close() {
        requireIdle();
        buffer.close();
        if (segments != null) {
            segments.close();
        }
    }
}
