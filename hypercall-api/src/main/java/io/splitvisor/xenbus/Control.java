// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Where a domain's devices make their decisions, and what time it is for them: a thread for each device and the host's
 * clock, or, in a test, a machine that runs one task at a time and whose clock the test moves.
 *
 * <p>Control code takes the time, waits and starts tasks through this and through nothing else; then a test can repeat what
 * happened, whatever the order. It may block, in {@link #park} and {@link #join} only, and holds no lock then.
 */
public interface Control {
    /** A clock in nanoseconds that only goes forward. */
    long nanos();

    /**
     * A new queue of tasks.
     *
     * @param name for people: threads, logs, traces of tests
     */
    Tasks tasks(String name);

    /** Waits until the time is over or somebody calls {@link #unpark}; or for no reason at all, as LockSupport does. */
    void park(long nanos);

    /** Lets a thread that parks go on, or, if it does not park now, not park the next time. Any thread. */
    void unpark(Thread thread);

    /**
     * Waits for a result.
     *
     * @throws CompletionException as {@link CompletableFuture#join} does
     */
    default <T> T join(CompletableFuture<T> future) {
        if (!future.isDone()) {
            Thread waiter = Thread.currentThread();
            Object unused = future.whenComplete((_, _) -> unpark(waiter));
            while (!future.isDone()) {
                park(Long.MAX_VALUE);
            }
        }
        return future.join();
    }

    /** Threads and the host's clock. */
    static Control threads() {
        return ControlThreads.INSTANCE;
    }

    /** Tasks that run one after the other, in the order in which they came. What they throw is logged and lost. */
    interface Tasks extends Executor, AutoCloseable {
        /** Adds a task. Any thread; nothing happens when the queue is closed. */
        @Override
        void execute(Runnable task);

        /**
         * Adds a task when a time is over. Any thread.
         *
         * @param nanos from now
         */
        Timer after(long nanos, Runnable task);

        /** No task begins any more; one that runs now comes to its end. Idempotent; any thread. */
        @Override
        void close();
    }

    /** A task that waits for its time. */
    interface Timer {
        /** It does not begin any more, unless it is in the queue already. Any thread. */
        void cancel();
    }
}
