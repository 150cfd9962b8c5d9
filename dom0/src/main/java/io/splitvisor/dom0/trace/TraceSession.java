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

    /** Words of a vCPU's queue: half a megabyte, which holds 10 ms of the simplest calls. */
    private static final int WORDS = 1 << 16;

    /** Events that may wait of those who send them outside of loops. */
    private static final int EVENT_SLOTS = 1 << 12;

    /** The writing thread sleeps by the clock: nobody needs a system call to wake it, but each time it takes a processor from somebody. */
    private static final long LONGEST_NAP_NANOS = 4_000_000;

    private static final long SHORTEST_NAP_NANOS = LONGEST_NAP_NANOS / 16;

    /** How full the fullest queue was after a nap, for the next one to be shorter, or longer. */
    private static final double FULL = 1.0 / 4;

    private static final double EMPTY = 1.0 / 16;

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
        private final TraceLoop loop;
        private final LoopSource[] turns;
        private LoopSource loopEvents;

        private Domain(int domid, int vcpus, TraceLoop loop) {
            this.domid = domid;
            this.loop = loop;
            this.turns = new LoopSource[vcpus];
        }

        @Override
        public void turn(int vcpu, long[] calls, int count) {
            if (turns[vcpu] == null) {
                // Once for each vCPU that makes calls.
                turns[vcpu] = open(vcpu);
            }
            turns[vcpu].turn(calls, count);
        }

        @Override
        public void event(int port) {
            if (!loop.isCurrent().getAsBoolean()) {
                events.event(domid, port);
                return;
            }
            if (loopEvents == null) {
                loopEvents = open(0);
            }
            loopEvents.event(port);
        }

        private LoopSource open(int vcpu) {
            LoopSource queue = new LoopSource(domid, vcpu, origin, loop, dropped, words);
            sources.add(queue);
            return queue;
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
        return new TraceSession(path, file, WORDS, EVENT_SLOTS);
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
    public TraceSink domain(int domid, int vcpus, TraceLoop loop) {
        return new Domain(domid, vcpus, loop);
    }

    /** A domain has gone, and tells nothing any more. */
    public void gone(int domid) {
        for (TraceSource source : sources) {
            if (source instanceof LoopSource queue && queue.domid() == domid) {
                queue.end();
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
            double fullest = drain(System.nanoTime());
            if (fullest > FULL) {
                nap = Math.max(nap / 2, SHORTEST_NAP_NANOS);
            } else if (fullest < EMPTY) {
                nap = Math.min(nap * 2, LONGEST_NAP_NANOS);
            }
            LockSupport.parkNanos(this, nap);
        }
        drain(Long.MAX_VALUE);
    }

    /**
     * Writes what has happened until then. Whoever took a time before, and has not told yet, will be in order in the next drain.
     *
     * @return how full the fullest queue was
     */
    private double drain(long until) {
        double fullest = 0;
        for (TraceSource source : sources) {
            fullest = Math.max(fullest, source.look());
        }
        TraceSource first = earliest(null);
        while (first != null && first.nanos() <= until) {
            TraceSource second = earliest(first);
            take(first, second == null ? until : Math.min(until, second.nanos()));
            first = earliest(null);
        }
        sources.removeIf(TraceSource::isOver);
        finish(until);
        return fullest;
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

    private void take(TraceSource source, long until) {
        int taken = 0;
        do {
            source.take(writer);
            taken++;
        } while (taken < MOST_AT_ONCE && !source.isEmpty() && source.nanos() <= until);
        source.release();
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
