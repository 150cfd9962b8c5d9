// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.copy;

import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Copies a whole disk to another one, several pieces at a time, and reads both back to compare them. */
final class DiskCopy {
    private static final int SECTOR = 512;
    private static final int PAGE = 4096;
    private static final int PAGES = 64;
    private static final int WORKERS = 4;

    private final BlockDevice source;
    private final BlockDevice target;
    private final int pages;

    /**
     * Prepares a copy.
     *
     * @throws IllegalArgumentException if the target is smaller than the source
     */
    DiskCopy(BlockDevice source, BlockDevice target) {
        if (target.size() < source.size()) {
            throw new IllegalArgumentException(
                    "the target has " + target.size() + " bytes, the source " + source.size());
        }
        this.source = source;
        this.target = target;
        this.pages = Math.min(PAGES, Math.min(source.maxPages(), target.maxPages()));
    }

    /** What to do with one piece of both disks. */
    private interface Piece {
        void work(BlockIo from, BlockIo to, long sector, long bytes);
    }

    /** Copies everything; durable when it returns. */
    void copy() {
        run("copy  ", this::copyPiece);
        target.flush();
    }

    /**
     * Reads both disks and compares them.
     *
     * @throws IllegalStateException naming the first piece that differs
     */
    void verify() {
        run("verify", this::comparePiece);
    }

    private void copyPiece(BlockIo from, BlockIo to, long sector, long bytes) {
        source.queue().submit(from.read(sector, bytes));
        from.await();
        MemorySegment.copy(from.buffer(), 0, to.buffer(), 0, bytes);
        target.queue().submit(to.write(sector, bytes));
        to.await();
    }

    private void comparePiece(BlockIo from, BlockIo to, long sector, long bytes) {
        source.queue().submit(from.read(sector, bytes));
        target.queue().submit(to.read(sector, bytes));
        from.await();
        to.await();
        long difference = from.buffer().asSlice(0, bytes).mismatch(to.buffer().asSlice(0, bytes));
        if (difference >= 0) {
            throw new IllegalStateException("the disks differ at byte " + (sector * SECTOR + difference));
        }
    }

    private void run(String what, Piece piece) {
        long size = source.size();
        long step = (long) pages * PAGE;
        Progress progress = new Progress(what, size);
        AtomicLong next = new AtomicLong();
        try (ExecutorService workers = Executors.newFixedThreadPool(WORKERS)) {
            Future<?>[] results = new Future<?>[WORKERS];
            for (int i = 0; i < WORKERS; i++) {
                results[i] = workers.submit(() -> {
                    try (BlockIo from = source.newIo(pages);
                            BlockIo to = target.newIo(pages)) {
                        for (long at = next.getAndAdd(step); at < size; at = next.getAndAdd(step)) {
                            long bytes = Math.min(step, size - at);
                            piece.work(from, to, at / SECTOR, bytes);
                            progress.add(bytes);
                        }
                    }
                });
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    what.strip() + " failed: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        progress.finish();
    }
}
