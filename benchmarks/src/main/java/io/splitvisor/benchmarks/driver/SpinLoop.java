// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** A loop that never sleeps, so that nobody has to wake it. */
final class SpinLoop implements IoLoop, AutoCloseable {
    private final List<RingWorker> workers = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Thread thread = Thread.ofPlatform().daemon().name("loop").unstarted(this::run);
    private volatile boolean closed;

    SpinLoop() {
        thread.start();
    }

    private void run() {
        while (!closed) {
            boolean idle = true;
            for (RingWorker worker : workers) {
                idle &= worker.serve() == 0;
            }
            if (idle) {
                Runnable task = tasks.poll();
                if (task != null) {
                    task.run();
                }
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void wake(RingWorker worker) {
        if (!workers.contains(worker)) {
            workers.add(worker);
        }
    }

    @Override
    public void forget(RingWorker worker) {
        workers.remove(worker);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void close() {
        closed = true;
    }
}
