// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import com.sun.management.ThreadMXBean;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** Makes null hypercalls in every way, and events, when it is told to ({@link Dialogue}). */
public final class HypercallGuest implements Guest {
    static final int BATCH = 32;
    private static final int BATCHES = 4;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final int PER_LOOK = 256;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private GuestDomain domain;
    private EventLoop events;
    private HypercallBatch single;
    private HypercallBatch[] batches;

    @Override
    public void run(GuestDomain self) {
        domain = self;
        events = new EventLoop(self);
        single = self.newBatch(1);
        batches = new HypercallBatch[BATCHES];
        for (int i = 0; i < BATCHES; i++) {
            batches[i] = self.newBatch(BATCH);
        }
        Dialogue.follow(this::measure);
    }

    private void measure(String what, long number) {
        switch (what) {
            case "null" -> Dialogue.answer("ns", oneByOne(number * NANOS_PER_MILLI, false));
            case "mixed" -> Dialogue.answer("ns", oneByOne(number * NANOS_PER_MILLI, true));
            case "batched" -> Dialogue.answer("per-second", inBatches(number * NANOS_PER_MILLI, false));
            case "mixed-batched" -> Dialogue.answer("per-second", inBatches(number * NANOS_PER_MILLI, true));
            case "event" -> Dialogue.answer("ns", events.nanosPerEvent(number * NANOS_PER_MILLI));
            case "asleep" -> Dialogue.answer("ns", asleep((int) number));
            case "thread" -> Dialogue.answer("tid", thread());
            case "costs" -> costs(number);
            default -> throw new IllegalArgumentException(what);
        }
    }

    /** This thread's number for the kernel. */
    private static double thread() {
        try {
            return Integer.parseInt(
                    Path.of("/proc/thread-self").toRealPath().getFileName().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void costs(long calls) {
        long before = threads.getCurrentThreadAllocatedBytes();
        long bells = domain.hypercalls().ring().rings();
        calls(calls, false);
        Dialogue.answer("null-awake-allocated", (double) (threads.getCurrentThreadAllocatedBytes() - before) / calls);
        Dialogue.answer("null-awake-bells", (double) (domain.hypercalls().ring().rings() - bells) / calls);
        before = threads.getCurrentThreadAllocatedBytes();
        double rate = inBatches(200 * NANOS_PER_MILLI, false);
        Dialogue.answer("batched-allocated", (threads.getCurrentThreadAllocatedBytes() - before) / (rate / 5));
    }

    /**
     * Nanoseconds a call, both ends awake.
     *
     * @param mixed whether each call is another one than the call before
     */
    private double oneByOne(long nanos, boolean mixed) {
        calls(PER_LOOK, mixed);
        long begin = System.nanoTime();
        long now = begin;
        long made = 0;
        while (now - begin < nanos) {
            made += calls(PER_LOOK, mixed);
            now = System.nanoTime();
        }
        return (double) (now - begin) / made;
    }

    private long calls(long count, boolean mixed) {
        for (long i = 0; i < count; i++) {
            call(HypercallWait.SPIN, mixed && (i & 1) != 0);
        }
        return count;
    }

    private void call(HypercallWait how, boolean other) {
        single.clear();
        add(single, other);
        single.run(how);
        if (single.result(0) <= 0) {
            throw new IllegalStateException("result " + single.result(0));
        }
    }

    private static void add(HypercallBatch batch, boolean other) {
        if (other) {
            batch.version().pageSize();
        } else {
            batch.version().version();
        }
    }

    /** Calls a second, with as many batches under way as the ring holds. */
    private double inBatches(long nanos, boolean mixed) {
        long begin = System.nanoTime();
        long now = begin;
        long made = 0;
        for (HypercallBatch batch : batches) {
            fill(batch, mixed);
            batch.submit();
        }
        while (now - begin < nanos) {
            for (int round = 0; round < PER_LOOK / BATCH; round++) {
                for (HypercallBatch batch : batches) {
                    made += take(batch);
                    fill(batch, mixed);
                    batch.submit();
                }
            }
            now = System.nanoTime();
        }
        for (HypercallBatch batch : batches) {
            take(batch);
        }
        return made * 1e9 / (now - begin);
    }

    private static void fill(HypercallBatch batch, boolean mixed) {
        batch.clear();
        for (int i = 0; i < BATCH; i++) {
            add(batch, mixed && (i & 1) != 0);
        }
    }

    private static int take(HypercallBatch batch) {
        batch.await(HypercallWait.SPIN);
        for (int i = 0; i < BATCH; i++) {
            if (batch.result(i) <= 0) {
                throw new IllegalStateException("result " + batch.result(i));
            }
        }
        return BATCH;
    }

    /** Median nanoseconds of a call when both ends have gone to sleep before it. */
    private double asleep(int sleeps) {
        double[] nanos = new double[sleeps];
        for (int i = 0; i < sleeps; i++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            long start = System.nanoTime();
            call(HypercallWait.SLEEP, false);
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos[sleeps / 2];
    }
}
