// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** A thread of one connection's own ({@link Threads#OWN}): it may block, so it does not spin either. */
final class DeviceLoop implements IoLoop, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DeviceLoop.class.getName());

    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Map<RingWorker, AtomicBoolean> woken = new ConcurrentHashMap<>();
    private final Set<RingWorker> active = new LinkedHashSet<>();
    private final Thread thread;
    private volatile boolean closed;

    private DeviceLoop(String name) {
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    static DeviceLoop start(String name) {
        DeviceLoop loop = new DeviceLoop(name);
        loop.thread.start();
        return loop;
    }

    private void run() {
        while (!closed) {
            try {
                Runnable task = active.isEmpty() ? tasks.take() : tasks.poll();
                while (task != null) {
                    task.run();
                    task = tasks.poll();
                }
                active.removeIf(this::isIdleAfterServing);
            } catch (InterruptedException e) {
                // Only abandon() interrupts, and it meant the hook.
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, thread.getName() + ": unexpected", e);
            }
        }
    }

    private boolean isIdleAfterServing(RingWorker worker) {
        try {
            return worker.serve() == 0 && !worker.arm();
        } catch (RuntimeException e) {
            woken.remove(worker);
            worker.failed(e);
            return true;
        }
    }

    @Override
    public void wake(RingWorker worker) {
        AtomicBoolean known = woken.computeIfAbsent(worker, _ -> new AtomicBoolean());
        if (!known.get() && known.compareAndSet(false, true)) {
            tasks.add(() -> {
                known.set(false);
                if (woken.containsKey(worker)) {
                    active.add(worker);
                }
            });
        }
    }

    @Override
    public void forget(RingWorker worker) {
        woken.remove(worker);
        active.remove(worker);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    /** Ends the thread after what it does now. */
    @Override
    public void close() {
        closed = true;
        tasks.add(() -> {});
    }

    /** Asks what the thread does to end. The thread goes on with what is left to do if it does. */
    void abandon() {
        thread.interrupt();
    }
}
