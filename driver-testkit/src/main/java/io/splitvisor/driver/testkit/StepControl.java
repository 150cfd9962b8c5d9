// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.testkit.Turns.Turn;
import io.splitvisor.xenbus.ControlThread;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The decisions of one device: each task is a step, and its clock is the machine's. */
final class StepControl implements ControlThread {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Machine machine;
    private final Life life;
    private final String name;
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private boolean closed;

    StepControl(Machine machine, Life life, String name) {
        this.machine = machine;
        this.life = life;
        this.name = life + ": " + name;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (this) {
            if (closed) {
                return;
            }
            tasks.add(task);
        }
        machine.turns().add(this, new Turn(life, name, this::turn));
    }

    private void turn() {
        Runnable task = next();
        if (task != null) {
            try {
                task.run();
            } finally {
                more();
            }
        }
    }

    private synchronized Runnable next() {
        return closed ? null : tasks.poll();
    }

    private synchronized void more() {
        if (!closed && !tasks.isEmpty()) {
            machine.turns().add(this, new Turn(life, name, this::turn));
        }
    }

    @Override
    public void schedule(Runnable task, Duration after) {
        VirtualTime.Timer unused = machine.time().after(after.toNanos(), () -> execute(task));
    }

    @Override
    public long nanoTime() {
        return machine.time().nanos();
    }

    @Override
    public long currentTimeMillis() {
        return (machine.time().now() + machine.time().wallClockOffset()) / NANOS_PER_MILLI;
    }

    @Override
    public synchronized void close() {
        closed = true;
        tasks.clear();
    }
}
