// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.xenstored.EmbeddedXenstored;
import io.splitvisor.driver.testkit.Fault.Garbage;
import io.splitvisor.driver.testkit.Fault.Kill;
import io.splitvisor.driver.testkit.Fault.Notification;
import io.splitvisor.driver.testkit.Turns.Turn;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.WatchDelivery;
import io.splitvisor.xenstore.Xenstore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A host in this process: the real monitor, xenstored and grant tables, with guests that have no process, and nothing that
 * happens by itself. Whatever can happen next is a step: a task of a device, a turn of a loop for one ring, an event, a
 * watch. The {@link Order} says which one comes, the {@link FaultPlan} what goes wrong with it.
 *
 * <p>The clock stands, but for a microsecond each step; {@link #runUntil} and a test that waits let it go on to what comes
 * next when nothing else is to be done. A test uses the machine from one thread, and waits by taking steps.
 */
public final class Machine implements AutoCloseable {
    /** Steps after which something goes in circles. */
    private static final int MOST_STEPS = 200_000;

    private static final int STEP_NANOS = 1000;
    private static final long CALL_PATIENCE_NANOS = 60_000_000_000L;
    private static final int IDLE_NANOS = 20_000;
    private static final int SHOWN = 60;
    private static final int GRANT_FRAMES = 8;

    private final Order order;
    private final FaultPlan plan;
    private final Faults faults;
    private final VirtualTime time = new VirtualTime();
    private final Turns turns = new Turns(time);
    private final Dom0Ports dom0Ports = new Dom0Ports(this);
    private final Monitor monitor;
    private final EmbeddedXenstored xenstored;
    private final Map<Integer, TestGuest> guests = new TreeMap<>();
    private final List<Life> backends = new ArrayList<>();
    private final List<Note> trace = new ArrayList<>();
    private final States states;
    private final Xenstore store;
    private Ends ends = new NoEnds();
    private boolean stepping;

    /** Who knows how to take an end of the device away, and how to make a new one, when the plan wants that. */
    public interface Ends {
        /** This end is gone, now. */
        void die(End end);

        /** This end is gone, and a new one begins. */
        void restart(End end);
    }

    /** A machine in which nothing goes wrong. */
    public Machine(Order order) {
        this(order, FaultPlan.none());
    }

    /** A machine with an empty store and no guest. */
    public Machine(Order order, FaultPlan plan) {
        this.order = order;
        this.plan = plan;
        this.faults = new Faults(plan);
        this.monitor = new Monitor(dom0Ports, new Listener(), new SystemClock(time), time);
        this.xenstored = new EmbeddedXenstored(domid -> domid == 0 || monitor.find(domid) != null, time::now);
        this.store = connect(0, new Life("test", End.BACK));
        this.states = new States(this, this::stateChanged);
    }

    // What is in it.

    /** A guest with so many pages of memory, and the folders that a toolstack makes. */
    public TestGuest newGuest(int pages) {
        Domain domain = monitor.create(new DomainLayout(pages, GRANT_FRAMES, 1));
        int domid = domain.domid();
        String home = "/local/domain/" + domid;
        store.mkdir(home + "/device");
        store.setPermissions(home, Permissions.of(domid, Permissions.Access.NONE));
        for (String folder : List.of("device", "error")) {
            store.mkdir(home + '/' + folder);
            store.setPermissions(home + '/' + folder, Permissions.of(domid, Permissions.Access.NONE));
        }
        TestGuest guest = new TestGuest(this, domain);
        guests.put(domid, guest);
        return guest;
    }

    /** Dom0 for back ends that begin now. */
    public TestBackendDomain newBackend() {
        Life life = new Life("back end" + (backends.isEmpty() ? "" : "." + backends.size()), End.BACK);
        life.slowness(faults.slowness(End.BACK));
        backends.add(life);
        return new TestBackendDomain(this, life);
    }

    /** The test's own connection to xenstored, with Dom0's rights. */
    public Xenstore store() {
        return store;
    }

    /** The hypervisor. */
    public Monitor monitor() {
        return monitor;
    }

    /** Who is asked when the plan kills or restarts an end. */
    public void ends(Ends known) {
        ends = known;
    }

    /** Whether the request that is served now is one that the plan lets fail. For devices of tests; counts. */
    public boolean failsNow() {
        return faults.onRequest();
    }

    /** From now on, everything that an end does comes so much later. */
    public void slow(End end, Duration each) {
        faults.slow(end, each);
        Stream.concat(backends.stream(), guests.values().stream().flatMap(guest -> guest.lives().stream()))
                .filter(life -> life.end() == end)
                .forEach(life -> life.slowness(each));
    }

    TestGuest guest(int domid) {
        TestGuest guest = guests.get(domid);
        return guest == null || guest.isDead() ? null : guest;
    }

    VirtualTime time() {
        return time;
    }

    Turns turns() {
        return turns;
    }

    Faults faults() {
        return faults;
    }

    Dom0Ports dom0Events() {
        return dom0Ports;
    }

    Xenstore connect(int domid, WatchDelivery delivery) {
        return xenstored.connect(domid, delivery);
    }

    /** A connection whose watches are steps of a life. */
    Xenstore connect(int domid, Life life) {
        Xenstore connection = connect(
                domid, (watch, call) -> turns.add(call, new Turn(life, life + ": watch of " + watch.path(), call)));
        life.atEnd(connection::close);
        return connection;
    }

    // Steps.

    /** Takes one step; false if there is none without time passing. */
    public boolean step() {
        if (stepping) {
            throw new IllegalStateException("a step takes no steps");
        }
        stepping = true;
        try {
            boolean unused = time.fire();
            collect();
            states.look();
            Turn turn = turns.take(order);
            if (turn == null) {
                return false;
            }
            note(turn.label());
            time.pass(STEP_NANOS);
            turn.action().run();
            collect();
            states.look();
            return true;
        } finally {
            stepping = false;
        }
    }

    private void collect() {
        guests.values().forEach(TestGuest::collect);
    }

    /** Takes steps as long as there are any without time passing. */
    public void run() {
        for (int i = 0; step(); i++) {
            if (i == MOST_STEPS) {
                throw new AssertionError("it goes in circles" + describe());
            }
        }
    }

    /**
     * Takes steps, and lets time pass when there are none, until the condition holds.
     *
     * @param limit in the machine's time
     * @return whether it holds
     */
    public boolean runUntil(BooleanSupplier condition, Duration limit) {
        long end = time.now() + limit.toNanos();
        for (int i = 0; !condition.getAsBoolean(); i++) {
            if (!step() && !passTime(end)) {
                return condition.getAsBoolean();
            }
            if (time.now() > end) {
                return condition.getAsBoolean();
            }
            if (i == MOST_STEPS) {
                throw new AssertionError("it goes in circles" + describe());
            }
        }
        return true;
    }

    /** As {@link #runUntil}, but fails with the last steps if it does not come to that. */
    public void await(String what, BooleanSupplier condition, Duration limit) {
        if (!runUntil(condition, limit)) {
            throw new AssertionError("not within " + limit + ": " + what + describe());
        }
    }

    /**
     * Runs code of a guest that waits, such as a front end with blocking calls, on a thread of its own, and takes steps until it
     * is done. What that thread does between two steps is its own: this is for tests of what a device does, not of when.
     *
     * @return what the code returns
     * @throws AssertionError if it throws, or is not done in a minute of real time
     */
    public <T> T call(Callable<T> code) {
        FutureTask<T> task = new FutureTask<>(code);
        Thread thread = Thread.ofVirtual().name("guest").start(task);
        long end = System.nanoTime() + CALL_PATIENCE_NANOS;
        while (!task.isDone()) {
            if (!step()) {
                time.pass(IDLE_NANOS);
                LockSupport.parkNanos(IDLE_NANOS);
            }
            if (System.nanoTime() > end) {
                AssertionError stuck =
                        new AssertionError("the guest waits for something that never comes" + describe());
                stuck.addSuppressed(new Throwable("it waits: " + List.of(thread.getStackTrace())));
                throw stuck;
            }
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new AssertionError("the guest failed" + describe(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Lets time pass; what becomes due meanwhile happens at its time. */
    public void advance(Duration by) {
        boolean unused = runUntil(() -> false, by);
    }

    /** Time since the machine began. */
    public Duration now() {
        return Duration.ofNanos(VirtualTime.sinceStart(time.now()));
    }

    /** Lets time pass to what is due next, but not beyond an end; whether something is due then. */
    private boolean passTime(long end) {
        long next = time.next();
        time.passTo(Math.min(next, end));
        return next <= end;
    }

    // Faults.

    /** Somebody sent an event. */
    void notification(End to, Object key, Turn turn) {
        Notification mishap = faults.onNotification(to);
        if (mishap == null) {
            turns.add(key, turn);
            return;
        }
        note(mishap);
        switch (mishap.mishap()) {
            case DROP -> {
                // That is all.
            }
            case DELAY -> {
                VirtualTime.Timer unused = time.after((long) mishap.steps() * STEP_NANOS, () -> turns.add(key, turn));
            }
            case DUPLICATE -> {
                turns.add(key, turn);
                turns.add(List.of(key), turn);
            }
            case TEAR -> {
                tear(to);
                turns.add(key, turn);
            }
        }
    }

    /** Sends everybody an event for nothing: what waits for a notification that was dropped goes on. */
    public void poke() {
        dom0Ports.poke();
        guests.values().forEach(TestGuest::poke);
    }

    private void tear(End to) {
        for (TestGuest guest : guests.values()) {
            guest.rings().forEach(ring -> RingIndices.tear(ring.segment(), to.other()));
        }
    }

    private void stateChanged(End end, String folder, XenbusState state) {
        Garbage garbage = faults.onStateGarbage(end, state);
        if (garbage != null) {
            note(garbage);
            String target = garbage.end() == end
                    ? folder
                    : store.readIfPresent(folder + (end == End.FRONT ? "/backend" : "/frontend"));
            if (target != null && store.exists(target)) {
                store.write(target + '/' + garbage.node(), garbage.value());
            }
        }
        Kill kill = faults.onStateKill(end, state);
        if (kill != null) {
            note(kill);
            if (kill.restarts()) {
                ends.restart(kill.end());
            } else {
                ends.die(kill.end());
            }
        }
    }

    private void note(Object what) {
        trace.add(new Note(now(), what));
    }

    /** What happened when. */
    private record Note(Duration at, Object what) {
        @Override
        public String toString() {
            return "%,15d ns  %s%s".formatted(at.toNanos(), what instanceof String ? "" : "--- ", what);
        }
    }

    // Ends.

    /** Ends a front end as a crash of the driver would: its domain stays. */
    public void kill(TestFrontendDomain frontend) {
        note(new Ended(frontend));
        end(frontend.life());
    }

    /** Ends back ends as the death of their domain's process would. */
    public void kill(TestBackendDomain backend) {
        note(new Ended(backend));
        end(backend.life());
    }

    /**
     * Ends a guest's process. Its domain stays until {@link #release}, as it does while a toolstack waits for its devices.
     */
    public void kill(TestGuest guest) {
        note(new Ended(guest));
        guest.die();
    }

    /** Takes a dead guest's nodes away, as the toolstack does in the end. */
    public void release(TestGuest guest) {
        xenstored.release(guest.domid());
    }

    void end(Life life) {
        if (!life.isOver()) {
            life.endNow();
            turns.removeIf(turn -> turn.life() == life);
        }
    }

    /** Something is no more. */
    private record Ended(Object what) {
        @Override
        public String toString() {
            return what + " is gone";
        }
    }

    // What happened.

    /** The steps so far, each with its time. */
    public List<String> trace() {
        return trace.stream().map(Note::toString).toList();
    }

    /** States that the ends of devices came to, as "front INITIALISED". */
    public List<String> states() {
        return states.history();
    }

    /** Faults of the plan that did not come to happen. */
    public List<Fault> faultsLeft() {
        return faults.left();
    }

    /** How to repeat it, and the last steps; of those that are like the one before, only the last. */
    public String describe() {
        List<Note> shown = new ArrayList<>();
        for (Note note : trace) {
            if (!shown.isEmpty() && shown.getLast().what.equals(note.what)) {
                shown.removeLast();
            }
            shown.add(note);
        }
        List<Note> last = shown.subList(Math.max(0, shown.size() - SHOWN), shown.size());
        String steps = last.stream().map(Note::toString).collect(Collectors.joining("\n    "));
        return "\n  order: " + order + "\n  faults: " + plan + "\n  states: " + states.history() + "\n  the last of "
                + trace.size() + " steps:\n    " + steps;
    }

    /** Ends everything, and gives memory back. */
    @Override
    public void close() {
        for (TestGuest guest : guests.values()) {
            guest.die();
        }
        backends.forEach(this::end);
        store.close();
        guests.values().forEach(guest -> monitor.destroy(guest.domain()));
        monitor.close();
    }

    private static final class NoEnds implements Ends {
        @Override
        public void die(End end) {
            throw new IllegalStateException("the plan kills an end, and nobody knows how: see Machine.ends");
        }

        @Override
        public void restart(End end) {
            die(end);
        }
    }

    private static final class Listener implements MonitorListener {
        @Override
        public void shutdown(Domain domain, int reason) {
            throw new AssertionError("guests have no process that could shut down");
        }

        @Override
        public void crashed(Domain domain, String why) {
            throw new AssertionError("domain " + domain.domid() + " crashed: " + why);
        }
    }
}
