// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poller;
import io.splitvisor.monitor.time.Alarm;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link IoLoop} on a thread of its own.
 *
 * <p>Active workers are polled in turn. A worker that has had nothing for a {@link SpinBudget} is armed and leaves the
 * active list; with the list empty, the loop sleeps in epoll until a guest's bell, {@link #wake} or {@link #execute}. The
 * cost of a round depends on the active workers only, not on how many domains there are. A loop that always has work looks
 * at the bells from time to time, and retires idle workers all the same. Alarms come when the loop looks at the clock, and end
 * its sleep.
 *
 * <p>Waking: {@link #wake} publishes the worker, then looks at {@code asleep}; the loop sets {@code asleep}, then looks for
 * published workers once more. Both are sequentially consistent, so one sees the other.
 */
public final class PollingLoop implements IoLoop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PollingLoop.class);

    /** Rounds, each request or response moved counting as one, between two looks at the clock, which costs about as much. */
    private static final int ROUNDS_PER_LOOK = 64;

    /** Rounds without a pause of the processor after the last work: what comes next comes soon, or not so soon. */
    private static final int QUICK_ROUNDS = 16;

    /** Looks at the clock between two offers of the core to somebody else. */
    private static final int LOOKS_PER_YIELD = 16;

    /** Tasks run before the rings get their turn: one that submits itself again does not keep them waiting. */
    private static final int TASKS_PER_ROUND = 64;

    /** How long a bell may go unheard in a loop that has no time to sleep: about a wake-up. */
    private static final long BELL_NANOS = 50_000;

    /** The same in a burst of hypercalls, for the neighbour whom they are held back for. */
    private static final long NEIGHBOUR_BELL_NANOS = 10_000;

    /** How long a busy loop polls a worker that has nothing: a poll is cheap while the loop is awake anyway. */
    private static final long BUSY_PATIENCE_NANOS = 1_000_000;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private static final int WAKE_TOKEN = 0;
    private static final int TIMER_TOKEN = -1;

    private final String name;
    private final Watch watch = new Watch();
    private final Poller poller = new Poller();
    private final EventFd wakeUp = EventFd.create();
    private final ConcurrentHashMap<RingWorker, Slot> slots = new ConcurrentHashMap<>();
    private final AtomicReference<Slot> wokenStack = new AtomicReference<>();
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final List<Slot> active = new ArrayList<>();
    private final FairShare shares = new FairShare(System::nanoTime);
    private final SpinBudget budget = new SpinBudget();
    private final LoopAlarms alarms = new LoopAlarms();

    /** Ends the sleep of a loop in which all that is to be done stands back. */
    private final Alarm resume = alarms.newAlarm(() -> {});

    /** Guests' bells by token; index 0 is the loop's own. Touched in the loop only. */
    private final List<Bell> bells = new ArrayList<>();

    private long bellsHeard;

    /** When the loop last looked at the clock. */
    private long looked = System.nanoTime();

    private volatile boolean stopping;

    private record Bell(EventFd event, List<RingWorker> workers) {}

    /** Starts the loop's thread. */
    public PollingLoop(String name) {
        bells.add(null);
        poller.addEdgeTriggered(wakeUp.fd(), WAKE_TOKEN);
        poller.addEdgeTriggered(alarms.fd(), TIMER_TOKEN);
        this.name = name;
        watch.begin(newThread()).start();
    }

    private Thread newThread() {
        return Thread.ofPlatform().name(name).daemon(true).unstarted(() -> Watch.keep(this::run));
    }

    @Override
    public boolean leave(RingWorker worker, BooleanSupplier isStuck) {
        Thread next = newThread();
        Slot slot = slots.get(worker);
        if (slot == null || !watch.leave(slot, isStuck, next)) {
            return false;
        }
        LOG.error("{} does not come back from {}; another thread goes on", name, worker);
        // Nobody else is in the loop now.
        slot.failed = true;
        deactivate(slot);
        next.start();
        return true;
    }

    /** In the loop: when it last looked at the clock, at most {@value #ROUNDS_PER_LOOK} pieces of work ago. */
    public long looked() {
        return Math.max(looked, shares.looked());
    }

    /** An alarm whose call comes in this loop, where alone it is set and cancelled. */
    public Alarm newAlarm(Runnable due) {
        return alarms.newAlarm(due);
    }

    /** Wakes these workers whenever this bell rings. */
    public void addBell(EventFd bell, RingWorker... workers) {
        List<RingWorker> woken = List.of(workers);
        execute(() -> {
            int token = freeToken();
            bells.set(token, new Bell(bell, woken));
            poller.addEdgeTriggered(bell.fd(), token);
            // It may have rung before anybody listened.
            woken.forEach(this::wake);
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
        Slot slot = slot(worker);
        slot.asked = true;
        wake(slot);
    }

    private Slot slot(RingWorker worker) {
        Slot slot = slots.get(worker);
        return slot != null ? slot : slots.computeIfAbsent(Objects.requireNonNull(worker), Slot::new);
    }

    /** While they are held, events are remembered only: {@link #letGo} sees this one, or it sees that they are let go. */
    @Override
    public void notified(RingWorker worker) {
        Slot slot = slot(worker);
        slot.notified = true;
        if (!slot.held) {
            wake(slot);
        }
    }

    private void wake(Slot slot) {
        // The caller's work comes before the look at the flag, as the loop's clearing of it comes before its look at
        // the work.
        VarHandle.fullFence();
        if (!slot.woken.get() && slot.woken.compareAndSet(false, true)) {
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
            if (slot.release != null) {
                slot.release.cancel();
            }
            deactivate(slot);
        }
    }

    private void activate(Slot slot) {
        slot.active = true;
        slot.lastWork = 0;
        slot.account = shares.account(slot.worker);
        shares.activated(slot.account);
        active.add(slot);
    }

    private void deactivate(Slot slot) {
        if (slot.active) {
            slot.active = false;
            active.remove(slot);
            shares.retired(slot.account);
        }
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        wakeThread();
    }

    @Override
    public boolean inLoop() {
        return watch.isOn(Thread.currentThread());
    }

    private void wakeThread() {
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            wakeUp.signal();
        }
    }

    private void run() {
        long idleSince = 0;
        int unlooked = 0;
        int idleLooks = 0;
        int idleRounds = 0;
        while (!stopping) {
            int work = runTasks() + takeWoken() + serveActive();
            if (work > 0) {
                if (idleSince != 0) {
                    budget.hit();
                }
                idleSince = 0;
                idleLooks = 0;
                idleRounds = 0;
            } else if (active.size() == shares.standingBack()) {
                sleep();
                idleSince = 0;
                idleLooks = 0;
                unlooked = 0;
                continue;
            } else if (++idleRounds > QUICK_ROUNDS) {
                Thread.onSpinWait();
            }
            unlooked += 1 + work;
            if (unlooked >= ROUNDS_PER_LOOK) {
                unlooked = 0;
                long now = System.nanoTime();
                looked = now;
                if (work == 0) {
                    idleSince = idleSince == 0 ? now : idleSince;
                    if (++idleLooks % LOOKS_PER_YIELD == 0) {
                        Thread.yield();
                    }
                }
                runAlarms(now);
                retireIdle(now, idleSince == 0);
                hearBellsIfDue(now);
            }
        }
    }

    private void runAlarms(long now) {
        if (alarms.isEmpty()) {
            return;
        }
        try {
            alarms.runDue(now);
        } catch (Throwable e) {
            LOG.error("An alarm of {} failed", name, e);
        }
    }

    private int runTasks() {
        int done = 0;
        while (done < TASKS_PER_ROUND) {
            Runnable task = tasks.poll();
            if (task == null) {
                break;
            }
            done++;
            try {
                task.run();
            } catch (Throwable e) {
                LOG.error("A task of {} failed", name, e);
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
            boolean asked = slot.asked;
            slot.asked = false;
            boolean waits = slot.held && !asked;
            if (!slot.active && !slot.failed && !waits && slots.get(slot.worker) == slot) {
                activate(slot);
                slot.inVain = slot.notified && !slot.held;
                slot.notified &= slot.held;
            }
            taken++;
            slot = next;
        }
        VarHandle.fullFence();
        return taken;
    }

    private int serveActive() {
        int work = 0;
        int held = 0;
        int firstSkipped = -1;
        shares.beginRound();
        for (int i = 0; i < active.size(); i++) {
            Slot slot = active.get(i);
            if (!shares.mayRun(slot.account, slot.standsBack)) {
                // It has work, or will have time to say that it has none.
                slot.lastWork = 0;
                held++;
                firstSkipped = firstSkipped < 0 ? i : firstSkipped;
                continue;
            }
            int moved = serve(slot);
            if (moved > 0) {
                work += moved;
                slot.lastWork = 0;
                shares.worked(slot.account, slot.standsBack);
                if (slot.inVain || slot.held) {
                    slot.inVain = false;
                    slot.spurious.work();
                    letGo(slot);
                }
            }
        }
        if (firstSkipped > 0 && firstSkipped < active.size()) {
            // The first that was left out is the first in the next round.
            Collections.rotate(active, -firstSkipped);
        }
        return work + held - shares.standingBack();
    }

    /** A worker's own words, and its end if it throws. Nothing of the loop is touched after a worker that was left. */
    private int serve(Slot slot) {
        int moved = 0;
        Throwable thrown = null;
        Watch.Shift shift = watch.enter(slot);
        try {
            moved = slot.worker.serve();
        } catch (Throwable e) {
            thrown = e;
        }
        if (!watch.exit(shift)) {
            Throwable cause = thrown != null ? thrown : new IllegalStateException("it has returned too late");
            execute(() -> giveUp(slot, cause));
            throw new Watch.Relieved();
        }
        if (thrown != null) {
            giveUp(slot, thrown);
        }
        return moved;
    }

    /** Arms workers that have had nothing for too long; {@code lastWork} 0 means "since the last look". */
    private void retireIdle(long now, boolean busy) {
        long patience = busy ? BUSY_PATIENCE_NANOS : budget.nanos();
        // A worker may make the loop forget others while it is armed.
        for (int i = active.size() - 1; i >= 0; i = Math.min(i, active.size()) - 1) {
            Slot slot = active.get(i);
            if (slot.lastWork == 0) {
                slot.lastWork = now;
            } else if (now - slot.lastWork > patience) {
                try {
                    retire(slot, busy);
                } catch (Throwable e) {
                    giveUp(slot, e);
                }
            }
        }
    }

    private void retire(Slot slot, boolean busy) {
        // What came until now has been looked at, or is seen by arming.
        slot.notified = false;
        boolean workCame = slot.worker.arm();
        if (workCame) {
            slot.lastWork = 0;
        } else {
            deactivate(slot);
            if (slot.inVain) {
                slot.inVain = false;
                hold(slot, slot.spurious.spurious());
            }
        }
        // A busy loop spins for the others: that tells nothing about this worker's luck.
        if (!busy && workCame) {
            budget.hit();
        } else if (!busy) {
            budget.miss();
        }
    }

    /** An event had no work behind it: the next one of this worker waits, the longer the more often that happens. */
    private void hold(Slot slot, int millis) {
        if (millis > 0) {
            if (slot.release == null) {
                slot.release = newAlarm(() -> letGo(slot));
            }
            slot.held = true;
            slot.release.set(System.nanoTime() + millis * NANOS_PER_MILLI);
        }
    }

    private void letGo(Slot slot) {
        if (slot.held) {
            slot.held = false;
            slot.release.cancel();
            if (slot.notified && slots.get(slot.worker) == slot) {
                wake(slot);
            }
        }
    }

    /** An Error, too, ends this worker only: the other domains of the loop have nothing to do with it. */
    private void giveUp(Slot slot, Throwable cause) {
        slot.failed = true;
        deactivate(slot);
        try {
            slot.worker.failed(cause instanceof RuntimeException e ? e : new IllegalStateException(cause));
        } catch (Throwable e) {
            e.addSuppressed(cause);
            LOG.error("A worker of {} failed, and failed to say so", name, e);
        }
    }

    private void sleep() {
        asleep.set(true);
        if (wokenStack.get() != null || !tasks.isEmpty() || stopping) {
            asleep.set(false);
            return;
        }
        boolean idle = active.isEmpty();
        if (!idle) {
            resume.set(shares.resumesAt());
        }
        alarms.prepareSleep();
        long start = System.nanoTime();
        int ready = poller.await(-1);
        asleep.set(false);
        takeBells(ready);
        long now = System.nanoTime();
        looked = now;
        alarms.slept(now);
        runAlarms(now);
        bellsHeard = now;
        if (idle) {
            budget.slept(now - start);
        }
    }

    private void hearBellsIfDue(long now) {
        if (now - bellsHeard >= (shares.heldCallsBack() ? NEIGHBOUR_BELL_NANOS : BELL_NANOS)) {
            bellsHeard = now;
            if (someSleep()) {
                takeBells(poller.await(0));
            }
        }
    }

    /** Whether a bell could ring for somebody who is not polled anyway: only then it is worth a system call. */
    private boolean someSleep() {
        for (Bell bell : bells) {
            if (bell != null) {
                for (RingWorker worker : bell.workers) {
                    Slot slot = slots.get(worker);
                    if (slot == null || !slot.active) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private void takeBells(int ready) {
        for (int i = 0; i < ready; i++) {
            int token = poller.token(i);
            Bell bell = token <= WAKE_TOKEN ? null : bells.get(token);
            if (bell != null) {
                for (RingWorker worker : bell.workers) {
                    wake(worker);
                }
            }
        }
    }

    /** Stops the thread. Workers are not called any more. Not to be called in the loop. */
    @Override
    public void close() {
        stopping = true;
        asleep.set(false);
        wakeUp.signal();
        try {
            watch.keeper().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        poller.close();
        alarms.close();
        wakeUp.close();
    }
}
