// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.dom0.flight.Flight;
import io.splitvisor.monitor.trace.TraceSink;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trace under way. What the loops tell goes through queues, one for each vCPU and one for events, to one thread, which puts it in
 * the order of its times and writes the file. A full queue loses what comes, and counts it: the monitor never waits for a disk.
 */
public final class TraceSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TraceSession.class);

    /** Words of a vCPU's queue: half a megabyte, which holds 10 ms of the simplest calls in full turns. */
    private static final int TURN_WORDS = 1 << 16;

    private static final int EVENT_SLOTS = 1 << 14;

    /** The writing thread sleeps by the clock, so that nobody needs a system call to wake it; each time it takes a processor from somebody. */
    private static final long LONGEST_NAP_NANOS = 4_000_000;

    private static final long SHORTEST_NAP_NANOS = LONGEST_NAP_NANOS / 16;

    /** Words that came in one nap, above which the next one is shorter, and below which it is longer. */
    private static final int MANY = TURN_WORDS / 4;

    /** Turns or events after which their places are given back, at the latest. */
    private static final int MOST_AT_ONCE = 1024;

    private final Path path;
    private final FileChannel file;
    private final TraceWriter writer;
    private final int words;
    private final long origin = System.nanoTime();
    private final LongAdder dropped = new LongAdder();
    private final EventSource events;
    private final List<TraceSource> sources = new CopyOnWriteArrayList<>();
    private final Thread thread;

    /** The writing thread's: how much of what was dropped is in the file. */
    private long reported;

    /** How far it is, for people. */
    private volatile TraceWriter.Progress progress = TraceWriter.Progress.NONE;

    private volatile boolean closing;

    /** Tells of one domain. */
    private final class Domain implements TraceSink {
        private final int domid;
        private final TurnSource[] turns;

        private Domain(int domid, int vcpus) {
            this.domid = domid;
            this.turns = new TurnSource[vcpus];
        }

        @Override
        public void turn(int vcpu, long nanos, long[] calls, int count) {
            TurnSource queue = turns[vcpu];
            if (queue == null) {
                // Once for each vCPU that makes calls.
                queue = new TurnSource(domid, vcpu, origin, dropped, words);
                turns[vcpu] = queue;
                sources.add(queue);
            }
            queue.turn(nanos, calls, count);
        }

        @Override
        public void event(int port) {
            events.event(domid, port);
        }
    }

    /**
     * Starts to write.
     *
     * @throws IOException if the file cannot be made
     */
    public static TraceSession start(Path path) throws IOException {
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new TraceSession(path, file, TURN_WORDS, EVENT_SLOTS);
    }

    /**
     * @param file to write to; owned from now on
     * @param words of the turns of a vCPU that may wait; a power of two
     * @param slots events that may wait; a power of two
     */
    TraceSession(Path path, FileChannel file, int words, int slots) {
        this.path = path;
        this.file = file;
        this.words = words;
        this.writer = new TraceWriter(file);
        this.events = new EventSource(dropped, slots);
        sources.add(events);
        thread = Thread.ofPlatform().name("trace-writer").daemon(true).start(this::write);
    }

    /** Whom a domain is to tell what it does. */
    public TraceSink domain(int domid, int vcpus) {
        return new Domain(domid, vcpus);
    }

    /** A domain has gone, and tells nothing any more. */
    public void gone(int domid) {
        for (TraceSource source : sources) {
            if (source instanceof TurnSource turns && turns.domid() == domid) {
                turns.end();
            }
        }
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** Hypercalls and events in the file. */
    public long records() {
        return progress.records();
    }

    /** Hypercalls and events that were lost, because the file could not keep up, or cannot be written. */
    public long dropped() {
        return dropped.sum() + progress.lost();
    }

    /** Length of the file. */
    public long bytes() {
        return progress.bytes();
    }

    /** Why nothing is written any more; empty while all is well. */
    public String failure() {
        return progress.failure();
    }

    /** How many queues there are. */
    int queues() {
        return sources.size();
    }

    private void write() {
        long nap = LONGEST_NAP_NANOS;
        while (!closing) {
            long came = drain(System.nanoTime());
            if (came > MANY) {
                nap = Math.max(nap / 2, SHORTEST_NAP_NANOS);
            } else if (came < MANY / 4) {
                nap = Math.min(nap * 2, LONGEST_NAP_NANOS);
            }
            LockSupport.parkNanos(this, nap);
        }
        drain(Long.MAX_VALUE);
    }

    /**
     * Writes what has happened until then. Whoever took a time before, and has not told yet, will be in order in the next drain.
     *
     * @return how many places of the queues that was
     */
    private long drain(long until) {
        for (TraceSource source : sources) {
            source.look();
        }
        long came = 0;
        TraceSource first = earliest(null);
        while (first != null && first.nanos() <= until) {
            TraceSource second = earliest(first);
            came += take(first, second == null ? until : Math.min(until, second.nanos()));
            first = earliest(null);
        }
        sources.removeIf(TraceSource::isOver);
        finish(until);
        return came;
    }

    /** Who has the earliest to tell, leaving one out; null if nobody has anything. */
    private TraceSource earliest(TraceSource but) {
        TraceSource first = null;
        for (TraceSource source : sources) {
            if (source != but && !source.isEmpty() && (first == null || source.nanos() < first.nanos())) {
                first = source;
            }
        }
        return first;
    }

    private long take(TraceSource source, long until) {
        int taken = 0;
        do {
            source.take(writer);
            taken++;
        } while (taken < MOST_AT_ONCE && !source.isEmpty() && source.nanos() <= until);
        return source.release();
    }

    private void finish(long until) {
        long all = dropped.sum();
        long lost = all - reported;
        if (lost > 0) {
            reported = all;
            writer.lost(lost, Math.min(until, System.nanoTime()));
            Flight.traceDrops(path, lost);
        }
        writer.flush();
        boolean failed = failure().isEmpty() && !writer.progress().failure().isEmpty();
        progress = writer.progress();
        if (failed) {
            LOG.warn("The trace to {} ends: {}", path, failure());
        }
    }

    /**
     * Ends the trace: what is on its way is written first, what comes from now on may be missing. Whoever tells it things has been
     * told to stop.
     */
    @Override
    public void close() throws IOException {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            file.close();
        }
    }
}
