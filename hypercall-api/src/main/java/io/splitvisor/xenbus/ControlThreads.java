// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A virtual thread for each queue of tasks, and the host's clock. */
final class ControlThreads implements Control {
    static final Control INSTANCE = new ControlThreads();

    private static final System.Logger LOG = System.getLogger(Control.class.getName());

    private ControlThreads() {}

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public Tasks tasks(String name) {
        return new Queue(name);
    }

    @Override
    public void park(long nanos) {
        LockSupport.parkNanos(this, nanos);
    }

    @Override
    public void unpark(Thread thread) {
        LockSupport.unpark(thread);
    }

    @Override
    public <T> T join(CompletableFuture<T> future) {
        return future.join();
    }

    /** Exists as soon as somebody sets a timer: it only ever adds tasks to queues. */
    private static final class Clock {
        static final ScheduledThreadPoolExecutor EXECUTOR = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("control timers").factory());

        static {
            EXECUTOR.setRemoveOnCancelPolicy(true);
        }
    }

    private static final class Queue implements Tasks {
        private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        private final String name;
        private Thread thread;
        private volatile boolean closed;

        Queue(String name) {
            this.name = name;
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
            synchronized (tasks) {
                if (thread == null && !closed) {
                    thread = Thread.ofVirtual().name(name).start(this::run);
                }
            }
        }

        @Override
        public Timer after(long nanos, Runnable task) {
            Future<?> timer = Clock.EXECUTOR.schedule(() -> execute(task), nanos, TimeUnit.NANOSECONDS);
            return () -> timer.cancel(false);
        }

        private void run() {
            while (!closed) {
                try {
                    tasks.take().run();
                } catch (InterruptedException e) {
                    // Nobody interrupts this thread to tell it something; close() is the way.
                    LOG.log(System.Logger.Level.WARNING, name + ": interrupted", e);
                } catch (RuntimeException e) {
                    LOG.log(System.Logger.Level.ERROR, name + ": unexpected", e);
                }
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                tasks.add(() -> {});
            }
        }
    }
}
