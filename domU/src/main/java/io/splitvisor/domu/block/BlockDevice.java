// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.FrontQueue;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendDevice;
import io.splitvisor.driver.frontend.FrontendHooks;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.QueueCounters;
import io.splitvisor.frontend.FrontendDomain;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A disk of this domain. Thread-safe.
 *
 * <p>Those who read and write now and then use {@link #read}, {@link #write} and {@link #flush}, which wait and copy.
 * Those who want many requests in flight, or no copy, make {@link BlockIo}s and submit them to a {@link #queue}.
 *
 * <p>If the back end goes away and comes back, requests that were not answered are submitted again; callers only notice
 * that it takes longer.
 */
public final class BlockDevice implements AutoCloseable {
    private static final int SECTOR = 512;

    /** Pages of a request of {@link #read} and {@link #write}. */
    private static final int POOLED_PAGES = 32;

    private static final int MOST_POOLED = 16;

    /** One page of segments is what a request uses. */
    private static final int MOST_SEGMENTS = 512;

    private final FrontendDomain domain;
    private final int devid;
    private final BlockSettings settings;
    private final Frontend frontend;
    private volatile BlockFeatures features;
    private final ArrayBlockingQueue<BlockIo> pool = new ArrayBlockingQueue<>(MOST_POOLED);
    private final AtomicInteger pooled = new AtomicInteger();

    private BlockDevice(FrontendDomain domain, int devid, BlockSettings settings, Consumer<String> log) {
        this.domain = domain;
        this.devid = devid;
        this.settings = settings;
        this.frontend = Frontend.open(
                domain,
                Blkif.PROTOCOL,
                devid,
                new FrontendSettings()
                        .queues(settings.queues())
                        .ringPageOrder(settings.ringPageOrder())
                        .feature(Blkif.PERSISTENT, settings.persistent())
                        .feature(Blkif.MAX_INDIRECT_SEGMENTS, settings.indirect() ? MOST_SEGMENTS : 0)
                        .hooks(new Hooks())
                        .log(line -> log.accept("disk " + line)));
    }

    private final class Hooks implements FrontendHooks {
        @Override
        public void connecting(FrontendDevice connected) {
            features = BlockFeatures.of(connected.features());
        }
    }

    /** The numbers of this domain's disks, 51712 for xvda. */
    public static List<Integer> list(FrontendDomain domain) {
        return Frontend.list(domain, Blkif.PROTOCOL.type());
    }

    /**
     * Connects to a disk.
     *
     * @param devid its number in xenstore
     * @throws BlockException TIMEOUT if the back end does not come in time, GONE if there is no such disk
     */
    public static BlockDevice open(FrontendDomain domain, int devid, BlockSettings settings, Duration timeout) {
        return open(domain, devid, settings, timeout, line -> {});
    }

    /** As above; {@code log} is told about losing and regaining the connection. */
    public static BlockDevice open(
            FrontendDomain domain, int devid, BlockSettings settings, Duration timeout, Consumer<String> log) {
        BlockDevice device = null;
        boolean connected = false;
        try {
            device = new BlockDevice(domain, devid, settings, log);
            device.frontend.awaitConnected(timeout);
            connected = true;
            return device;
        } catch (CallException e) {
            throw new BlockException(
                    e.kind() == CallException.Kind.GONE ? BlockException.Kind.GONE : BlockException.Kind.TIMEOUT,
                    "disk " + devid + ": " + e.getMessage());
        } finally {
            if (!connected && device != null) {
                device.frontend.close(Duration.ZERO);
            }
        }
    }

    /**
     * Begins to connect to a disk, without waiting for it. Requests can be made when {@link #frontend} is connected.
     *
     * @throws CallException GONE if there is no such disk
     */
    public static BlockDevice begin(FrontendDomain domain, int devid, BlockSettings settings, Consumer<String> log) {
        return new BlockDevice(domain, devid, settings, log);
    }

    /** The connection, for those who want to know about it. */
    public Frontend frontend() {
        return frontend;
    }

    /** Its number in xenstore. */
    public int devid() {
        return devid;
    }

    /** What the back end said when it connected last. */
    public BlockFeatures features() {
        return features;
    }

    /** Size in bytes. */
    public long size() {
        return features().sectors() * SECTOR;
    }

    /** The most pages that a request can have. */
    public int maxPages() {
        return features().maxSegments();
    }

    /** How many queues there are. */
    public int queues() {
        return frontend.queues();
    }

    /** One of the queues. */
    public FrontQueue queue(int index) {
        return frontend.queue(index);
    }

    /** The calling thread's queue. */
    public FrontQueue queue() {
        return frontend.queue();
    }

    /**
     * Makes a request with a buffer.
     *
     * @param pages of the buffer, up to {@link #maxPages}
     */
    public BlockIo newIo(int pages) {
        return newIo(pages, null);
    }

    /** As above; {@code completion} is told whenever it is done. */
    public BlockIo newIo(int pages, BlockIo.Completion completion) {
        if (pages < 1 || pages > maxPages()) {
            throw new IllegalArgumentException("a buffer of " + pages + " pages; the most is " + maxPages());
        }
        return new BlockIo(this, domain, pages, completion);
    }

    /**
     * Reads.
     *
     * @param sector the first, in units of 512 bytes
     * @param into filled completely
     * @throws BlockException if it fails
     */
    public void read(long sector, MemorySegment into) {
        BlockIo io = take();
        try {
            long step = io.buffer().byteSize();
            for (long at = 0; at < into.byteSize(); at += step) {
                long bytes = Math.min(step, into.byteSize() - at);
                queue().submit(io.read(sector + at / SECTOR, bytes));
                io.await();
                MemorySegment.copy(io.buffer(), 0, into, at, bytes);
            }
        } finally {
            giveBack(io);
        }
    }

    /**
     * Writes. Durable after the next {@link #flush}.
     *
     * @param sector the first, in units of 512 bytes
     * @param from written completely
     * @throws BlockException if it fails; some of it may have been written
     */
    public void write(long sector, MemorySegment from) {
        BlockIo io = take();
        try {
            long step = io.buffer().byteSize();
            for (long at = 0; at < from.byteSize(); at += step) {
                long bytes = Math.min(step, from.byteSize() - at);
                MemorySegment.copy(from, at, io.buffer(), 0, bytes);
                queue().submit(io.write(sector + at / SECTOR, bytes));
                io.await();
            }
        } finally {
            giveBack(io);
        }
    }

    /** Makes durable what was written. */
    public void flush() {
        if (!features().flush()) {
            throw new BlockException(BlockException.Kind.UNSUPPORTED, "disk " + devid + " offers no flush");
        }
        BlockIo io = take();
        try {
            queue().submit(io.flush());
            io.await();
        } finally {
            giveBack(io);
        }
    }

    /**
     * Gives sectors back.
     *
     * @param sector the first, in units of 512 bytes
     * @param bytes a multiple of the sector size
     */
    public void discard(long sector, long bytes) {
        if (!features().discard()) {
            throw new BlockException(BlockException.Kind.UNSUPPORTED, "disk " + devid + " offers no discard");
        }
        BlockIo io = take();
        try {
            queue().submit(io.discard(sector, bytes));
            io.await();
        } finally {
            giveBack(io);
        }
    }

    private BlockIo take() {
        BlockIo io = pool.poll();
        if (io != null) {
            return io;
        }
        if (pooled.get() < MOST_POOLED && pooled.getAndIncrement() < MOST_POOLED) {
            return newIo(Math.min(POOLED_PAGES, maxPages()));
        }
        pooled.set(MOST_POOLED);
        return waitForPooled();
    }

    private BlockIo waitForPooled() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    BlockIo io = pool.poll(1, TimeUnit.SECONDS);
                    if (io != null) {
                        return io;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void giveBack(BlockIo io) {
        boolean room = pool.offer(io);
        assert room;
    }

    /** What all queues did so far. */
    public QueueCounters counters() {
        return frontend.counters();
    }

    /** What was asked for when it was opened. */
    public BlockSettings settings() {
        return settings;
    }

    /**
     * Disconnects. Requests in flight get a few seconds; later ones fail with GONE. Requests made by {@link #newIo} are
     * the caller's to close.
     */
    @Override
    public void close() {
        frontend.close();
        for (BlockIo io = pool.poll(); io != null; io = pool.poll()) {
            io.close();
        }
    }
}
