// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poller;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link IoLoop} on a thread of its own.
 *
 * <p>Active workers are polled in turn. A worker that has had nothing for a {@link SpinBudget} is armed and leaves the
 * active list; with the list empty, the loop sleeps in epoll until a guest's bell, {@link #wake} or {@link #execute}. The
 * cost of a round depends on the active workers only, not on how many domains there are.
 *
 * <p>Waking: {@link #wake} publishes the worker, then looks at {@code asleep}; the loop sets {@code asleep}, then looks for
 * published workers once more. Both are sequentially consistent, so one sees the other.
 */
public final class PollingLoop implements IoLoop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PollingLoop.class);

    /** Rounds without work between two looks at the clock, which costs as much as a poll of a ring. */
    private static final int ROUNDS_PER_LOOK = 16;

    /** Looks at the clock between two offers of the core to somebody else. */
    private static final int LOOKS_PER_YIELD = 32;

    private static final int WAKE_TOKEN = 0;

    /** A worker as the loop knows it. */
    private static final class Slot {
        private final RingWorker worker;
        /** Set by whoever wakes the worker first; cleared by the loop before it serves it. */
        private final AtomicBoolean woken = new AtomicBoolean();

        /** Link in the stack of woken workers; written before the push that publishes it. */
        private Slot next;

        private boolean active;
        private long lastWork;

        private Slot(RingWorker worker) {
            this.worker = worker;
        }
    }

    private final Thread thread;
    private final Poller poller = new Poller();
    private final EventFd wakeUp = EventFd.create();
    private final ConcurrentHashMap<RingWorker, Slot> slots = new ConcurrentHashMap<>();
    private final AtomicReference<Slot> wokenStack = new AtomicReference<>();
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final List<Slot> active = new ArrayList<>();
    private final SpinBudget budget = new SpinBudget();

    /** Guests' bells by token; index 0 is the loop's own. Touched in the loop only. */
    private final List<Bell> bells = new ArrayList<>();

    private volatile boolean stopping;

    private record Bell(EventFd event, RingWorker worker) {}

    /** Starts the loop's thread. */
    public PollingLoop(String name) {
        bells.add(null);
        poller.add(wakeUp.fd(), WAKE_TOKEN);
        thread = Thread.ofPlatform().name(name).daemon(true).start(this::run);
    }

    /** Wakes a worker whenever this bell rings. */
    public void addBell(EventFd bell, RingWorker worker) {
        execute(() -> {
            int token = freeToken();
            bells.set(token, new Bell(bell, worker));
            poller.add(bell.fd(), token);
            // It may have rung before anybody listened.
            wake(worker);
        });
    }

    /** Stops listening to a bell; the caller closes it in {@code then}, which runs in the loop. */
    public void removeBell(EventFd bell, Runnable then) {
        execute(() -> {
            for (int token = 1; token < bells.size(); token++) {
                Bell b = bells.get(token);
                if (b != null && b.event == bell) {
                    poller.remove(bell.fd());
                    bells.set(token, null);
                }
            }
            then.run();
        });
    }

    private int freeToken() {
        for (int token = 1; token < bells.size(); token++) {
            if (bells.get(token) == null) {
                return token;
            }
        }
        bells.add(null);
        return bells.size() - 1;
    }

    @Override
    public void wake(RingWorker worker) {
        Slot slot = slots.get(worker);
        if (slot == null) {
            slot = slots.computeIfAbsent(Objects.requireNonNull(worker), Slot::new);
        }
        if (slot.woken.compareAndSet(false, true)) {
            Slot head;
            do {
                head = wokenStack.get();
                slot.next = head;
            } while (!wokenStack.compareAndSet(head, slot));
            wakeThread();
        }
    }

    @Override
    public void forget(RingWorker worker) {
        Slot slot = slots.remove(worker);
        if (slot != null) {
            active.remove(slot);
            slot.active = false;
        }
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        wakeThread();
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    private void wakeThread() {
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            wakeUp.signal();
        }
    }

    private void run() {
        long idleSince = 0;
        int rounds = 0;
        while (!stopping) {
            int work = runTasks() + takeWoken() + serveActive();
            if (work > 0) {
                if (idleSince != 0) {
                    budget.hit();
                }
                idleSince = 0;
                rounds = 0;
            } else if (active.isEmpty()) {
                sleep();
                idleSince = 0;
                rounds = 0;
            } else if (++rounds % ROUNDS_PER_LOOK == 0) {
                long now = System.nanoTime();
                idleSince = idleSince == 0 ? now : idleSince;
                retireIdle(now);
                if (rounds % (ROUNDS_PER_LOOK * LOOKS_PER_YIELD) == 0) {
                    Thread.yield();
                }
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private int runTasks() {
        int done = 0;
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            done++;
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("A task of {} failed", thread.getName(), e);
            }
        }
        return done;
    }

    private int takeWoken() {
        if (wokenStack.get() == null) {
            return 0;
        }
        int taken = 0;
        Slot slot = wokenStack.getAndSet(null);
        while (slot != null) {
            Slot next = slot.next;
            slot.next = null;
            // Cleared before the worker is served: a wake from now on is a new one.
            slot.woken.set(false);
            if (!slot.active && slots.get(slot.worker) == slot) {
                slot.active = true;
                slot.lastWork = 0;
                active.add(slot);
            }
            taken++;
            slot = next;
        }
        return taken;
    }

    private int serveActive() {
        int work = 0;
        for (int i = 0; i < active.size(); i++) {
            Slot slot = active.get(i);
            try {
                int moved = slot.worker.serve();
                if (moved > 0) {
                    work += moved;
                    slot.lastWork = 0;
                }
            } catch (RuntimeException e) {
                giveUp(slot, e);
            }
        }
        return work;
    }

    /** Arms workers that have had nothing for the budget; {@code lastWork} 0 means "since the last look". */
    private void retireIdle(long now) {
        for (int i = active.size() - 1; i >= 0; i--) {
            Slot slot = active.get(i);
            if (slot.lastWork == 0) {
                slot.lastWork = now;
            } else if (now - slot.lastWork > budget.nanos()) {
                try {
                    if (slot.worker.arm()) {
                        slot.lastWork = 0;
                        budget.hit();
                    } else {
                        slot.active = false;
                        active.remove(i);
                        budget.miss();
                    }
                } catch (RuntimeException e) {
                    giveUp(slot, e);
                }
            }
        }
    }

    private void giveUp(Slot slot, RuntimeException cause) {
        forget(slot.worker);
        try {
            slot.worker.failed(cause);
        } catch (RuntimeException e) {
            e.addSuppressed(cause);
            LOG.error("A worker of {} failed, and failed to say so", thread.getName(), e);
        }
    }

    private void sleep() {
        asleep.set(true);
        if (wokenStack.get() != null || !tasks.isEmpty()) {
            asleep.set(false);
            return;
        }
        long start = System.nanoTime();
        int ready = poller.await(-1);
        asleep.set(false);
        for (int i = 0; i < ready; i++) {
            int token = poller.token(i);
            if (token == WAKE_TOKEN) {
                wakeUp.drain();
            } else {
                Bell bell = bells.get(token);
                if (bell != null) {
                    bell.event.drain();
                    wake(bell.worker);
                }
            }
        }
        budget.slept(System.nanoTime() - start);
    }

    /** Stops the thread. Workers are not called any more. */
    @Override
    public void close() {
        stopping = true;
        asleep.set(false);
        wakeUp.signal();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        poller.close();
        wakeUp.close();
    }
}
