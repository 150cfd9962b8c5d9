// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.SleepingWaitStrategy;
import io.splitvisor.dom0.flight.Flight;
import io.splitvisor.monitor.trace.TraceSink;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trace under way: what the loops tell goes through a ring of preallocated events to one thread, which writes the file. A
 * full ring loses what comes, and counts it: the monitor never waits for a disk.
 */
public final class TraceSession implements TraceSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TraceSession.class);

    /** Turns and events that may wait for the disk: five megabytes. */
    private static final int DEFAULT_SLOTS = 16_384;

    /** How long the writing thread sleeps when there is nothing: each time that it wakes up it takes a processor from somebody. */
    private static final long WRITER_NANOS = 1_000_000;

    /** Calls that a turn can have. */
    private static final int CALLS = 32;

    private static final int EVENT = -1;
    private static final long DRAIN_NANOS = 5_000_000_000L;
    private static final long POLL_NANOS = 1_000_000;

    /** A turn or, with {@code count} {@link #EVENT}, an event on port {@code vcpu}. */
    private static final class Slot {
        private int domid;
        private int vcpu;
        private int count;
        private long nanos;
        private final long[] calls = new long[CALLS];
    }

    private final Path path;
    private final FileChannel file;
    private final TraceWriter writer;
    private final RingBuffer<Slot> ring;
    private final BatchEventProcessor<Slot> processor;
    private final Thread thread;
    private final LongAdder dropped = new LongAdder();

    /** The writing thread's. */
    private long reported;

    // The writing thread's, read by others for people.
    private volatile long records;
    private volatile long bytes;
    private volatile String failure = "";

    /**
     * Starts to write.
     *
     * @throws IOException if the file cannot be made
     */
    public static TraceSession start(Path path) throws IOException {
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new TraceSession(path, file, DEFAULT_SLOTS);
    }

    /**
     * @param file to write to; owned from now on
     * @param slots turns and events that may wait; a power of two
     */
    TraceSession(Path path, FileChannel file, int slots) {
        this.path = path;
        this.file = file;
        this.writer = new TraceWriter(file);
        // It sleeps by the clock, so that whoever publishes never makes a system call.
        this.ring = RingBuffer.createMultiProducer(Slot::new, slots, new SleepingWaitStrategy(0, WRITER_NANOS));
        this.processor = new BatchEventProcessorBuilder().build(ring, ring.newBarrier(), new Handler());
        ring.addGatingSequences(processor.getSequence());
        thread = Thread.ofPlatform().name("trace-writer").daemon(true).start(processor);
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** Hypercalls and events in the file. */
    public long records() {
        return records;
    }

    /** Hypercalls and events that were lost, because the file could not keep up. */
    public long dropped() {
        return dropped.sum();
    }

    /** Length of the file. */
    public long bytes() {
        return bytes;
    }

    /** Why nothing is written any more; empty while all is well. */
    public String failure() {
        return failure;
    }

    @Override
    public void turn(int domid, int vcpu, long nanos, long[] calls, int count) {
        long at = claim();
        if (at < 0) {
            dropped.add(calls(calls, count));
            return;
        }
        Slot slot = ring.get(at);
        slot.domid = domid;
        slot.vcpu = vcpu;
        slot.nanos = nanos;
        slot.count = Math.min(count, CALLS);
        System.arraycopy(calls, 0, slot.calls, 0, slot.count);
        ring.publish(at);
    }

    @Override
    public void event(int domid, int port) {
        long at = claim();
        if (at < 0) {
            dropped.increment();
            return;
        }
        Slot slot = ring.get(at);
        slot.domid = domid;
        slot.vcpu = port;
        slot.nanos = System.nanoTime();
        slot.count = EVENT;
        ring.publish(at);
    }

    private static int calls(long[] calls, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += TracedCall.times(calls[i]);
        }
        return sum;
    }

    private long claim() {
        if (!ring.hasAvailableCapacity(1)) {
            return -1;
        }
        try {
            return ring.tryNext();
        } catch (InsufficientCapacityException _) {
            // Somebody else took the last one. The exception is a constant.
            return -1;
        }
    }

    private final class Handler implements EventHandler<Slot> {
        @Override
        public void onEvent(Slot slot, long sequence, boolean endOfBatch) {
            if (!failure.isEmpty()) {
                dropped.add(slot.count == EVENT ? 1 : calls(slot.calls, slot.count));
                return;
            }
            try {
                if (slot.count == EVENT) {
                    writer.event(slot.domid, slot.vcpu, slot.nanos);
                } else {
                    writer.turn(slot.domid, slot.vcpu, slot.nanos, slot.calls, slot.count);
                }
                if (endOfBatch) {
                    finishBatch();
                }
            } catch (IOException e) {
                fail(e);
            }
        }
    }

    private void finishBatch() throws IOException {
        long all = dropped.sum();
        long lost = all - reported;
        if (lost > 0) {
            writer.lost(lost, System.nanoTime());
            reported = all;
            Flight.traceDrops(path, lost);
        }
        writer.flush();
        records = writer.records();
        bytes = writer.bytes();
    }

    private void fail(IOException cause) {
        failure = String.valueOf(cause.getMessage());
        LOG.warn("The trace to {} ends: {}", path, failure);
    }

    /**
     * Ends the trace: what is on its way is written first, what comes from now on may be lost. Whoever tells it things has been
     * told to stop.
     */
    @Override
    public void close() throws IOException {
        long end = System.nanoTime() + DRAIN_NANOS;
        while (processor.getSequence().get() < ring.getCursor() && System.nanoTime() < end) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        processor.halt();
        try {
            thread.join();
            if (failure.isEmpty()) {
                finishBatch();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            file.close();
        }
    }
}
