// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.time.Duration;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Tasks in a queue ordered by when they are due, and a virtual thread that takes them. */
final class VirtualControlThread implements ControlThread {
    private static final System.Logger LOG = System.getLogger(ControlThread.class.getName());

    private final String name;
    private final DelayQueue<Due> tasks = new DelayQueue<>();
    private final AtomicLong sequence = new AtomicLong();
    private volatile boolean closed;

    /** A task with the time when it is due, and a number so that those due at one time keep their order. */
    private record Due(Runnable task, long nanos, long number) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(nanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            Due due = (Due) other;
            int byTime = Long.signum(nanos - due.nanos);
            return byTime != 0 ? byTime : Long.compare(number, due.number);
        }
    }

    VirtualControlThread(String name) {
        this.name = name;
        Thread.ofVirtual().name(name).start(this::run);
    }

    private void run() {
        while (!closed) {
            try {
                tasks.take().task.run();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, name + ": unexpected", e);
            }
        }
    }

    @Override
    public void execute(Runnable task) {

        add(task, 0);
    }

    @Override
    public void schedule(Runnable task, Duration after) {
        add(task, after.toNanos());
    }

    private void add(Runnable task, long delay) {
        if (!closed) {
            tasks.add(new Due(task, System.nanoTime() + delay, sequence.getAndIncrement()));
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tasks.clear();
            tasks.add(new Due(() -> {}, System.nanoTime(), sequence.getAndIncrement()));
        }
    }
}
