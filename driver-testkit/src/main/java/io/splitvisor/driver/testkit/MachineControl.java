// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.testkit.Turns.Turn;
import io.splitvisor.xenbus.Control;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The tasks of one life, each a step or, if it waits in the middle, several. */
final class MachineControl implements Control {
    private final Machine machine;
    private final Life life;
    private final Map<Thread, Queue> queues = new ConcurrentHashMap<>();

    MachineControl(Machine machine, Life life) {
        this.machine = machine;
        this.life = life;
    }

    @Override
    public long nanos() {
        return machine.time().nanos();
    }

    @Override
    public Tasks tasks(String name) {
        Queue queue = new Queue(life + ": " + name);
        queues.put(queue.actor.thread(), queue);
        return queue;
    }

    @Override
    public void park(long nanos) {
        Actor actor = Actor.current();
        if (actor == null) {
            machine.park(nanos);
            return;
        }
        Queue queue = queues.get(actor.thread());
        if (queue == null) {
            throw new IllegalStateException("a task of another domain waits here");
        }
        if (!actor.takePermit()) {
            VirtualTime.Timer timer = machine.time().after(nanos, queue::ready);
            actor.pause();
            timer.cancel();
        }
    }

    @Override
    public void unpark(Thread thread) {
        Queue queue = queues.get(thread);
        if (queue == null) {
            machine.unpark(thread);
        } else if (queue.actor.isPaused()) {
            queue.ready();
        } else {
            queue.actor.givePermit();
        }
    }

    /** Tasks in order, on one actor. */
    private final class Queue implements Tasks {
        private final String name;
        private final Actor actor;
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private boolean closed;

        Queue(String name) {
            this.name = name;
            this.actor = new Actor(name);
        }

        private void ready() {
            machine.turns().add(this, new Turn(life, name, this::turn));
        }

        private void turn() {
            if (actor.isPaused()) {
                actor.goOn();
            } else {
                Runnable task = next();
                if (task == null) {
                    return;
                }
                actor.begin(task);
            }
            if (!actor.isPaused() && hasNext()) {
                ready();
            }
        }

        private synchronized Runnable next() {
            return closed ? null : tasks.poll();
        }

        private synchronized boolean hasNext() {
            return !closed && !tasks.isEmpty();
        }

        @Override
        public void execute(Runnable task) {
            synchronized (this) {
                tasks.add(task);
            }
            if (!actor.isPaused()) {
                ready();
            }
        }

        @Override
        public Timer after(long nanos, Runnable task) {
            VirtualTime.Timer timer = machine.time().after(nanos, () -> execute(task));
            return timer::cancel;
        }

        @Override
        public synchronized void close() {
            closed = true;
        }
    }
}
