// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.host.Errno;
import io.splitvisor.ring.BoundedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads on which one store's blocking calls are made. There are none while nothing blocks: a thread is started when
 * requests wait for one, up to a limit, and ends after some seconds without work. Each store has its own, so that a slow
 * disk holds up nobody else.
 */
final class StoreThreads {
    private static final Logger LOG = LoggerFactory.getLogger(StoreThreads.class);
    private static final int IDLE_SECONDS = 5;

    private final String name;
    private final int most;
    private final ToIntFunction<StoreRequest> work;
    private final BoundedQueue<StoreRequest> waiting;
    private final Semaphore available = new Semaphore(0);
    private final AtomicInteger threads = new AtomicInteger();
    private final AtomicInteger unfinished = new AtomicInteger();

    /**
     * @param most threads at a time
     * @param depth requests that can wait
     * @param work makes the blocking call, and answers the request's result
     */
    StoreThreads(String name, int most, int depth, ToIntFunction<StoreRequest> work) {
        this.name = name;
        this.most = most;
        this.work = work;
        this.waiting = new BoundedQueue<>(depth);
    }

    /** Hands a request over; false if too many wait. */
    boolean execute(StoreRequest request) {
        int load = unfinished.incrementAndGet();
        if (!waiting.offer(request)) {
            unfinished.decrementAndGet();
            return false;
        }
        available.release();
        int running = threads.get();
        if (running < Math.min(load, most) && threads.compareAndSet(running, running + 1)) {
            Thread.ofPlatform().daemon().name(name).start(this::run);
        }
        return true;
    }

    /** Waits until everything handed over is completed. */
    void drain() {
        while (unfinished.get() > 0) {
            LockSupport.parkNanos(100_000);
        }
    }

    private void run() {
        while (true) {
            if (!await()) {
                threads.decrementAndGet();
                // A request may have come between the wait's end and the count's: whoever gets it keeps a thread.
                if (!available.tryAcquire()) {
                    return;
                }
                threads.incrementAndGet();
            }
            serve(take());
        }
    }

    private StoreRequest take() {
        StoreRequest request = waiting.poll();
        while (request == null) {
            // The permit is there, so the request is: another producer is between its two steps.
            Thread.onSpinWait();
            request = waiting.poll();
        }
        return request;
    }

    private boolean await() {
        try {
            return available.tryAcquire(IDLE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            // Nobody has a reason to interrupt this thread: ending it costs nothing.
            return false;
        }
    }

    private void serve(StoreRequest request) {
        int result;
        try {
            result = work.applyAsInt(request);
        } catch (RuntimeException e) {
            GuestLines.error(LOG, GuestLines.NOBODY, "{}: a request failed unexpectedly", name, e);
            result = -Errno.EIO;
        }
        request.completed(result);
        unfinished.decrementAndGet();
    }
}
