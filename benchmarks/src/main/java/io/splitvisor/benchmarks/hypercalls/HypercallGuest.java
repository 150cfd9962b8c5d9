// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import com.sun.management.ThreadMXBean;
import io.splitvisor.benchmarks.Figure;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** Makes null hypercalls in every way, and prints what they cost, a {@link Figure} a line. */
public final class HypercallGuest implements Guest {
    static final int BATCH = 32;
    private static final int BATCHES = 4;
    private static final long WARM_UP_NANOS = 2_000_000_000L;
    private static final long NANOS = 1_000_000_000L;
    private static final int TURNS = 5;
    private static final int SLEEPS = 1000;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final int PER_LOOK = 256;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private HypercallBatch single;
    private HypercallBatch[] batches;

    @Override
    public void run(GuestDomain domain) {
        single = domain.newBatch(1);
        batches = new HypercallBatch[BATCHES];
        for (int i = 0; i < BATCHES; i++) {
            batches[i] = domain.newBatch(BATCH);
        }
        oneByOne(WARM_UP_NANOS);
        double[] awake = new double[TURNS];
        for (int i = 0; i < TURNS; i++) {
            awake[i] = oneByOne(NANOS);
        }
        print("null-awake-ns", median(awake));
        long before = threads.getCurrentThreadAllocatedBytes();
        long bells = domain.hypercalls().ring().rings();
        long calls = calls(100_000);
        print("null-awake-allocated", (double) (threads.getCurrentThreadAllocatedBytes() - before) / calls);
        print("null-awake-bells", (double) (domain.hypercalls().ring().rings() - bells) / calls);

        inBatches(WARM_UP_NANOS);
        double[] rates = new double[TURNS];
        for (int i = 0; i < TURNS; i++) {
            rates[i] = inBatches(NANOS);
        }
        print("batched-per-second", median(rates));
        before = threads.getCurrentThreadAllocatedBytes();
        double rate = inBatches(NANOS);
        print("batched-allocated", (threads.getCurrentThreadAllocatedBytes() - before) / (rate * NANOS / 1e9));
        print("null-asleep-ns", asleep());
        print("event-awake-ns", new EventLoop(domain).nanosPerEvent());
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private static void print(String name, double value) {
        System.out.println(new Figure(name, value).line());
    }

    /** Nanoseconds a call, both ends awake. */
    private double oneByOne(long nanos) {
        long begin = System.nanoTime();
        long now = begin;
        long made = 0;
        while (now - begin < nanos) {
            made += calls(PER_LOOK);
            now = System.nanoTime();
        }
        return (double) (now - begin) / made;
    }

    private long calls(int count) {
        for (int i = 0; i < count; i++) {
            call(HypercallWait.SPIN);
        }
        return count;
    }

    private void call(HypercallWait how) {
        single.clear();
        single.version().version();
        single.run(how);
        if (single.result(0) <= 0) {
            throw new IllegalStateException("result " + single.result(0));
        }
    }

    /** Calls a second, with as many batches under way as the ring holds. */
    private double inBatches(long nanos) {
        long begin = System.nanoTime();
        long now = begin;
        long made = 0;
        for (HypercallBatch batch : batches) {
            fill(batch);
            batch.submit();
        }
        while (now - begin < nanos) {
            for (int round = 0; round < PER_LOOK / BATCH; round++) {
                for (HypercallBatch batch : batches) {
                    made += take(batch);
                    fill(batch);
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

    private static void fill(HypercallBatch batch) {
        batch.clear();
        for (int i = 0; i < BATCH; i++) {
            batch.version().version();
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
    private double asleep() {
        double[] nanos = new double[SLEEPS];
        for (int i = 0; i < SLEEPS; i++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            long start = System.nanoTime();
            call(HypercallWait.SLEEP);
            nanos[i] = System.nanoTime() - start;
        }
        return median(nanos);
    }
}
