// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestIndirect;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.frontend.FrontendGrants;
import io.splitvisor.frontend.FrontendMemory;
import java.lang.foreign.MemorySegment;

/**
 * A request with a buffer of its own, made once and submitted again and again ({@link BlockDevice#newIo}). Only the
 * buffer's pages are shared with the back end, and nothing else ever lies in them.
 *
 * <p>Belongs to one thread at a time. From {@link BlockQueue#submit} until {@link #isDone} it belongs to the queue: neither
 * buffer nor request may be touched.
 */
public final class BlockIo implements AutoCloseable {
    private static final int SECTOR = 512;
    private static final int SECTORS_PER_PAGE = FrontendMemory.PAGE_SIZE / SECTOR;
    private static final int NONE = FrontendGrants.NONE;

    /** The status of a request that was never answered, because the disk is gone. */
    static final int STATUS_GONE = Integer.MIN_VALUE;

    /** The same, because the back end broke the rules. */
    static final int STATUS_MISBEHAVED = Integer.MIN_VALUE + 1;

    private final BlockDevice device;
    private final FrontendMemory memory;
    private final FrontendGrants grants;
    private final int firstFrame;
    private final int[] refs;
    private final MemorySegment buffer;
    private final int segmentsFrame;
    private final int segmentsRef;
    private final Completion completion;

    private int operation;
    private long sector;
    private long bytes;

    // From here on the queue's, under its lock, while the request is submitted.
    private int grantedTo = NONE;
    private boolean grantedReadOnly;
    private boolean lost;
    private int status;
    private volatile boolean done = true;
    BlockIo next;
    long sequence;
    Thread waiter;
    volatile BlockQueue queue;

    /** Told when a request is done, by the thread that found its response. Must not block. */
    @FunctionalInterface
    public interface Completion {
        /** The request is done; it may be submitted again from here. */
        void completed(BlockIo io);
    }

    BlockIo(BlockDevice device, FrontendMemory memory, FrontendGrants grants, int pages, Completion completion) {
        this.device = device;
        this.memory = memory;
        this.grants = grants;
        this.completion = completion;
        this.firstFrame = memory.allocate(pages);
        this.refs = new int[pages];
        for (int i = 0; i < pages; i++) {
            refs[i] = reserve();
        }
        this.buffer = memory.pages(firstFrame, pages);
        boolean needsSegments = pages > Blkif.MAX_SEGMENTS_PER_REQUEST;
        this.segmentsFrame = needsSegments ? memory.allocate(1) : NONE;
        this.segmentsRef = needsSegments ? reserve() : NONE;
    }

    private int reserve() {
        int ref = grants.reserve();
        if (ref < 0) {
            throw new IllegalStateException("this domain has no free grant reference left");
        }
        return ref;
    }

    /** The buffer; a transfer begins at its start. */
    public MemorySegment buffer() {
        return buffer;
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
        requireIdle();
        long most = kind == BlkifOp.WRITE_BARRIER
                ? Math.min(buffer.byteSize(), (long) Blkif.MAX_SEGMENTS_PER_REQUEST * FrontendMemory.PAGE_SIZE)
                : buffer.byteSize();
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
        requireIdle();
        operation = BlkifOp.FLUSH_DISKCACHE;
        sector = 0;
        bytes = 0;
        return this;
    }

    /** Prepares a discard. */
    public BlockIo discard(long firstSector, long byteCount) {
        requireIdle();
        operation = BlkifOp.DISCARD;
        sector = firstSector;
        bytes = byteCount;
        return this;
    }

    private void requireIdle() {
        if (!done) {
            throw new IllegalStateException("the request is in flight");
        }
        if (lost) {
            throw new IllegalStateException("the back end never gave the buffer back");
        }
    }

    /** Whether the request is not in flight: new, or answered. */
    public boolean isDone() {
        return done;
    }

    /** How a request that is done went: a BLKIF_RSP status, or another negative number if it was never answered. */
    public int status() {
        return status;
    }

    /** Whether a request that is done succeeded. */
    public boolean succeeded() {
        return status == BlkifStatus.OKAY;
    }

    /**
     * Waits until the request is done.
     *
     * @throws BlockException if it failed
     */
    public void await() {
        if (!done) {
            BlockQueue.await(this);
        }
        check();
    }

    /** Throws what the status says. */
    private void check() {
        switch (status) {
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

    /** The queue takes the request over. */
    void begin(BlockQueue taker) {
        requireIdle();
        queue = taker;
        done = false;
    }

    /** The queue gives the request back. */
    void end(int result) {
        status = result;
        // Last: whoever sees it may submit again at once.
        done = true;
    }

    void announce() {
        if (completion != null) {
            completion.completed(this);
        }
    }

    boolean isWrite() {
        return operation == BlkifOp.WRITE || operation == BlkifOp.WRITE_BARRIER;
    }

    long bytes() {
        return bytes;
    }

    private int segments() {
        boolean data = isWrite() || operation == BlkifOp.READ;
        return data ? (int) ((bytes + FrontendMemory.PAGE_SIZE - 1) / FrontendMemory.PAGE_SIZE) : 0;
    }

    /** The operation that the response has to name. */
    int wireOperation() {
        return segments() > Blkif.MAX_SEGMENTS_PER_REQUEST ? BlkifOp.INDIRECT : operation;
    }

    /** Whether the back end takes requests of this shape. */
    boolean fits(BlockFeatures features) {
        return segments() <= features.maxSegments();
    }

    /** Writes the request into a ring slot, granting its pages first. */
    void put(MemorySegment ring, long at, long id, int backendDomid, boolean keepGrants) {
        int count = segments();
        grant(backendDomid, count, keepGrants);
        int handle = device.devid() & 0xffff;
        if (count > Blkif.MAX_SEGMENTS_PER_REQUEST) {
            putSegments(memory.segment(), (long) segmentsFrame * FrontendMemory.PAGE_SIZE, count);
            BlkifRequestIndirect.operation(ring, at, BlkifOp.INDIRECT);
            BlkifRequestIndirect.indirectOp(ring, at, operation);
            BlkifRequestIndirect.nrSegments(ring, at, count);
            BlkifRequestIndirect.handle(ring, at, handle);
            BlkifRequestIndirect.id(ring, at, id);
            BlkifRequestIndirect.sectorNumber(ring, at, sector);
            BlkifRequestIndirect.indirectGrefs(ring, at, 0, segmentsRef);
            return;
        }
        BlkifRequest.operation(ring, at, operation);
        BlkifRequest.nrSegments(ring, at, count);
        BlkifRequest.handle(ring, at, handle);
        BlkifRequest.id(ring, at, id);
        BlkifRequest.sectorNumber(ring, at, sector);
        if (operation == BlkifOp.DISCARD) {
            BlkifRequestDiscard.nrSectors(ring, at, bytes / SECTOR);
        } else {
            putSegments(ring, BlkifRequest.seg(at, 0), count);
        }
    }

    private void putSegments(MemorySegment to, long at, int count) {
        for (int i = 0; i < count; i++) {
            long segment = at + (long) i * BlkifRequestSegment.SIZE;
            int last = i < count - 1 ? SECTORS_PER_PAGE - 1 : (int) ((bytes / SECTOR - 1) % SECTORS_PER_PAGE);
            BlkifRequestSegment.gref(to, segment, refs[i]);
            BlkifRequestSegment.firstSect(to, segment, 0);
            BlkifRequestSegment.lastSect(to, segment, last);
        }
    }

    private void grant(int backendDomid, int count, boolean keep) {
        boolean readOnly = !keep && isWrite();
        if (grantedTo == backendDomid && grantedReadOnly == readOnly) {
            return;
        }
        for (int i = 0; i < refs.length; i++) {
            if (keep || i < count) {
                grants.grant(refs[i], backendDomid, firstFrame + i, readOnly);
            }
        }
        if (segmentsRef != NONE && (keep || count > Blkif.MAX_SEGMENTS_PER_REQUEST)) {
            grants.grant(segmentsRef, backendDomid, segmentsFrame, !keep);
        }
        grantedTo = backendDomid;
        grantedReadOnly = readOnly;
    }

    /**
     * Takes the pages back from the back end.
     *
     * @return false if it still has one mapped; then the buffer is lost
     */
    boolean revoke() {
        if (grantedTo == NONE) {
            return true;
        }
        boolean all = segmentsRef == NONE || grants.revoke(segmentsRef);
        for (int ref : refs) {
            all &= grants.revoke(ref);
        }
        if (all) {
            grantedTo = NONE;
        } else {
            lost = true;
        }
        return all;
    }

    /** The request is over without an answer. As long as the back end has a page mapped, it may still write to it. */
    void lose() {
        for (int ref : refs) {
            lost |= grants.inUse(ref);
        }
    }

    /** Gives the buffer back to the domain's memory; a page that the back end has mapped follows when it has not. */
    @Override
    public void close() {
        if (!done) {
            throw new IllegalStateException("the request is in flight");
        }
        for (int i = 0; i < refs.length; i++) {
            grants.endAccess(refs[i], firstFrame + i);
        }
        if (segmentsRef != NONE) {
            grants.endAccess(segmentsRef, segmentsFrame);
        }
    }
}
