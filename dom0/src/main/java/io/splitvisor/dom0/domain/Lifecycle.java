// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.flight.Flight;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.host.HostException;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.MonitorListener;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How domains come and go: their creation, their end, and what their configuration wants to follow. What a guest does by
 * itself (shut down, crash, die) comes in through {@link MonitorListener} and is carried out on a virtual thread, never on
 * the loop that noticed it.
 */
final class Lifecycle implements MonitorListener {
    private static final long PAGES_PER_MIB = (1 << 20) / DomainLayout.PAGE_SIZE;

    /** A guest that has not attached by then never will. */
    private static final long ATTACH_SECONDS = 20;

    /** A domain that restarts sooner than this after its creation is in a loop: libxl refuses to go on, too. */
    private static final Duration SHORTEST_LIFE = Duration.ofSeconds(1);

    private final ConcurrentSkipListMap<Integer, GuestDomain> domains = new ConcurrentSkipListMap<>();
    private final Traces traces = new Traces(domains.values());
    private final DomainEvents events = new DomainEvents();
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
    private final Object names = new Object();
    private volatile Dom0Services services;
    private volatile boolean closing;

    /** The second half of construction: the monitor needs a listener before there are services. */
    void connect(Dom0Services ready) {
        services = ready;
    }

    /** All guests by domid; others may look. */
    Map<Integer, GuestDomain> domains() {
        return domains;
    }

    /** What is traced, of the domains that there are and of those to come. */
    Traces traces() {
        return traces;
    }

    /** What happens to domains. */
    DomainEvents events() {
        return events;
    }

    /** The guest with this number. */
    GuestDomain guest(int domid) {
        if (domid == Toolstack.DOM0) {
            throw new ToolstackException(Kind.BAD_STATE, "Cannot do this to Domain-0.");
        }
        GuestDomain guest = domains.get(domid);
        if (guest == null) {
            throw Toolstack.noSuchDomain(domid);
        }
        return guest;
    }

    /** The guest with this number, if it can still be asked for something. */
    GuestDomain runningGuest(int domid) {
        GuestDomain guest = guest(domid);
        if (guest.dying() || guest.shutdown().isPresent()) {
            throw new ToolstackException(
                    Kind.BAD_STATE, "Domain '" + guest.config().name() + "' has shut down.");
        }
        return guest;
    }

    /** Makes a domain and starts its guest; answers its domid. */
    int create(DomainConfig config, boolean paused) {
        if (closing) {
            throw new ToolstackException(Kind.SHUTTING_DOWN, "Dom0 is shutting down");
        }
        GuestCommand.requireKernel(config);
        GuestDomain guest;
        synchronized (names) {
            requireFree(config);
            guest = build(config, paused);
            domains.put(guest.domid(), guest);
            traces.added(guest);
        }
        try {
            services.storeLayout().write(guest);
            for (DiskConfig disk : config.disks()) {
                services.disks().attach(guest, disk);
            }
            services.devices().attachAll(guest);
            services.channels().attachAll(guest);
            openTerminals(guest);
            events.publish(new DomainEvent.Created(guest.domid(), config.name()));
            Flight.domainCreated(guest.domid(), config.name());
            guest.start(paused);
            if (!paused) {
                awaitAttach(guest);
            }
        } catch (RuntimeException e) {
            remove(guest);
            throw asToolstackException(config, e);
        }
        services.log().add(guest.domid(), "created as " + config.name());
        return guest.domid();
    }

    private void openTerminals(GuestDomain guest) {
        try {
            services.storeLayout().terminals(guest, guest.consoles().openTerminals());
        } catch (HostException e) {
            // `splitvisor console` needs none.
            services.log().add(guest.domid(), "its consoles have no terminals: " + e.getMessage());
        }
    }

    private void requireFree(DomainConfig config) {
        requireFree(config.name());
        for (GuestDomain other : domains.values()) {
            if (config.uuid().isPresent() && other.uuid().equals(config.uuid().get()) && !other.dying()) {
                throw new ToolstackException(Kind.EXISTS, "Domain with UUID " + other.uuid() + " already exists.");
            }
        }
    }

    private void requireFree(String name) {
        if (name.equals(Dom0Info.NAME)
                || domains.values().stream()
                        .anyMatch(other -> other.config().name().equals(name) && !other.dying())) {
            throw new ToolstackException(Kind.EXISTS, "Domain with name \"" + name + "\" already exists.");
        }
    }

    private GuestDomain build(DomainConfig config, boolean paused) {
        // Memory is made for the most that it may ever have; what is not there yet costs nothing.
        DomainLayout layout = new DomainLayout(
                Math.toIntExact(config.maxmemMib() * PAGES_PER_MIB), config.maxGrantFrames(), config.maxVcpus());
        Domain domain;
        try {
            int pages = Math.toIntExact(config.memoryMib() * PAGES_PER_MIB);
            domain = services.monitor().create(layout, pages, PagingFigures.config(config, layout));
        } catch (HostException e) {
            throw new ToolstackException(Kind.NO_SPACE, "no memory for domain " + config.name(), e);
        }
        GuestLaunch launch = launch(domain, config, paused);
        try {
            GuestDomain guest = new GuestDomain(services, domain, config, launch);
            services.calls().setHandle(domain.domid(), guest.uuid());
            guest.limitMemory(guest.targetKib());
            return guest;
        } catch (RuntimeException e) {
            services.attachServer().revoke(launch.token());
            launch.awaitAny().ifPresent(GuestProcess::kill);
            throw asToolstackException(config, e);
        }
    }

    /** Its process comes up while the domain is made. One that is to be paused is stopped at once. */
    private GuestLaunch launch(Domain domain, DomainConfig config, boolean paused) {
        try {
            Path folder = services.folderOf(domain.domid());
            GuestFolder.make(folder);
            String token = services.attachServer().newToken();
            GuestLaunch launch = GuestLaunch.begin(config, folder, services.attachSocketFrom(folder), token);
            if (paused) {
                launch.awaitAny().ifPresent(GuestProcess::stop);
            }
            return launch;
        } catch (RuntimeException e) {
            services.monitor().destroy(domain);
            throw asToolstackException(config, e);
        }
    }

    private static void awaitAttach(GuestDomain guest) {
        try {
            guest.attachedFuture().get(ATTACH_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new ToolstackException(
                    Kind.TARGET,
                    "the guest of domain " + guest.config().name() + " did not attach: "
                            + e.getCause().getMessage() + GuestOutput.lastLines(guest.console()),
                    e.getCause());
        } catch (TimeoutException e) {
            throw new ToolstackException(
                    Kind.TIMEOUT,
                    "the guest of domain " + guest.config().name() + " did not attach within " + ATTACH_SECONDS + " s"
                            + GuestOutput.lastLines(guest.console()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "interrupted", e);
        }
    }

    private ToolstackException asToolstackException(DomainConfig config, RuntimeException e) {
        if (e instanceof ToolstackException t) {
            return t;
        }
        services.log().add("domain " + config.name() + " could not be created: " + e);
        return new ToolstackException(
                Kind.FAILED, "domain " + config.name() + " could not be created: " + e.getMessage(), e);
    }

    /** Takes a domain down, whatever state it is in. Returns when it is gone; a second caller waits for the first. */
    void remove(GuestDomain guest) {
        synchronized (guest) {
            if (domains.get(guest.domid()) == guest) {
                tearDown(guest);
                forget(guest, Optional.empty());
            }
        }
    }

    /** Gives everything back that the domain held; it is listed as dying until it is forgotten. */
    private void tearDown(GuestDomain guest) {
        guest.startDying();
        guest.kill();
        guest.leaveFolder();
        services.cpuShares().removed(guest.domid());
        services.summary().add(guest, services.disks().disks(guest.domid()));
        services.disks().detachAll(guest);
        services.devices().forget(guest);
        guest.disconnect();
        services.storeLayout().remove(guest);
        services.monitor().destroy(guest.domain());
    }

    private void forget(GuestDomain guest, Optional<Integer> successor) {
        domains.remove(guest.domid(), guest);
        traces.gone(guest.domain());
        services.log().forget(guest.domid());
        services.log()
                .add("d" + guest.domid() + ": destroyed (" + guest.config().name() + ")");
        Flight.domainDestroyed(guest.domid(), guest.config().name());
        events.publish(new DomainEvent.Destroyed(guest.domid(), guest.config().name(), guest.shutdown(), successor));
    }

    /** Gives a domain another name. */
    void rename(GuestDomain guest, String name) {
        Optional<String> wrong = DomainConfig.nameProblem(name);
        if (wrong.isPresent()) {
            throw new ToolstackException(Kind.INVALID, wrong.get());
        }
        String before;
        synchronized (names) {
            before = guest.config().name();
            if (!before.equals(name)) {
                requireFree(name);
            }
            guest.config(guest.config().toBuilder().name(name).build());
        }
        services.storeLayout().rename(guest);
        events.publish(new DomainEvent.Renamed(guest.domid(), name, before));
    }

    @Override
    public void logged(Domain domain, String line) {
        services.log().add(domain.domid(), line);
    }

    @Override
    public void shutdown(Domain domain, int reason) {
        ShutdownReason[] reasons = ShutdownReason.values();
        // A reason that nobody knows is a guest that does not know what it does.
        ShutdownReason known = reason >= 0 && reason < reasons.length ? reasons[reason] : ShutdownReason.CRASH;
        ended(domain, known, "shut down: " + known.word());
    }

    @Override
    public void crashed(Domain domain, String why) {
        ended(domain, ShutdownReason.CRASH, "crashed: " + why);
    }

    private void ended(Domain domain, ShutdownReason reason, String line) {
        GuestDomain guest = domains.get(domain.domid());
        if (guest == null || guest.domain() != domain || guest.dying()) {
            return;
        }
        services.log().add(domain.domid(), line);
        if (reason == ShutdownReason.SUSPEND) {
            background.execute(() -> suspend(guest));
        } else {
            guest.shutdown(reason);
            background.execute(() -> carryOut(guest, reason));
        }
    }

    /** It stays as it is, until it is resumed or destroyed. */
    private void suspend(GuestDomain guest) {
        synchronized (guest) {
            if (!guest.dying() && guest.domain().suspended()) {
                guest.suspended();
                services.xenstored().shutDown(guest.domid());
                events.publish(
                        new DomainEvent.Shutdown(guest.domid(), guest.config().name(), ShutdownReason.SUSPEND));
            }
        }
    }

    /** Lets a suspended domain go on, as a new one or as it was. */
    void resume(GuestDomain guest, boolean anew) {
        synchronized (guest) {
            boolean suspended = guest.shutdown().equals(Optional.of(ShutdownReason.SUSPEND)) && !guest.dying();
            if (!suspended) {
                throw new ToolstackException(
                        Kind.BAD_STATE, "Domain '" + guest.config().name() + "' is not suspended.");
            }
            if (anew) {
                services.devices().resume(guest);
            }
            services.storeLayout().resume(guest);
            if (!guest.resume(anew)) {
                throw new ToolstackException(
                        Kind.BAD_STATE, "Domain '" + guest.config().name() + "' has died while it was suspended.");
            }
        }
        services.log().add(guest.domid(), "resumed");
    }

    private void carryOut(GuestDomain guest, ShutdownReason reason) {
        guest.attachedFuture().completeExceptionally(new IllegalStateException("it " + reason.word()));
        events.publish(new DomainEvent.Shutdown(guest.domid(), guest.config().name(), reason));
        try {
            services.xenstored().shutDown(guest.domid());
            carryOut(guest, actionFor(guest, reason));
        } catch (RuntimeException e) {
            services.log().add(guest.domid(), "what should follow its end failed: " + e.getMessage());
        }
    }

    private Action actionFor(GuestDomain guest, ShutdownReason reason) {
        DomainConfig.OnShutdown on = guest.config().on();
        Action action =
                switch (reason) {
                    case POWEROFF, SUSPEND -> on.poweroff();
                    case REBOOT, SOFT_RESET -> on.reboot();
                    case CRASH -> on.crash();
                    case WATCHDOG -> on.watchdog();
                };
        boolean restarts = action == Action.RESTART
                || action == Action.RENAME_RESTART
                || action == Action.COREDUMP_RESTART
                || action == Action.SOFT_RESET;
        if (restarts && guest.info().created().plus(SHORTEST_LIFE).isAfter(Instant.now())) {
            services.log().add(guest.domid(), "restarts too fast; destroyed instead");
            return Action.DESTROY;
        }
        return action;
    }

    private void carryOut(GuestDomain guest, Action action) {
        switch (action) {
            case DESTROY -> remove(guest);
            case RESTART, SOFT_RESET -> restart(guest);
            case PRESERVE -> guest.kill();
            case RENAME_RESTART -> {
                DomainConfig again = guest.config();
                guest.kill();
                services.disks().detachAll(guest);
                rename(guest, again.name() + "-" + guest.domid());
                create(again.toBuilder().uuid(Optional.of(UUID.randomUUID())).build(), false);
            }
            case COREDUMP_DESTROY -> {
                dump(guest);
                remove(guest);
            }
            case COREDUMP_RESTART -> {
                dump(guest);
                restart(guest);
            }
        }
    }

    /** The old domain is listed until the new one is, so that nobody takes a setup that restarts for one that has ended. */
    private void restart(GuestDomain guest) {
        synchronized (guest) {
            if (domains.get(guest.domid()) != guest) {
                return;
            }
            Optional<Integer> successor = Optional.empty();
            tearDown(guest);
            try {
                if (!closing) {
                    successor = Optional.of(create(guest.config(), false));
                }
            } finally {
                forget(guest, successor);
            }
        }
    }

    /** A dump that cannot be written is no reason to keep the domain. */
    private void dump(GuestDomain guest) {
        guest.kill();
        try {
            Path file = CoreDump.write(
                    services.runDir(),
                    guest.config().name(),
                    guest.domid(),
                    guest.domain().memory().segment());
            services.log().add(guest.domid(), "memory dumped to " + file);
        } catch (UncheckedIOException e) {
            services.log().add(guest.domid(), "memory not dumped: " + e.getCause());
        }
    }

    /** Ends all domains. New ones are refused from now on. */
    void close() {
        closing = true;
        removeAll();
        // A restart may have been on its way.
        background.close();
        removeAll();
        traces.close();
        events.close();
    }

    private void removeAll() {
        List<Thread> removals = new ArrayList<>();
        for (GuestDomain guest : domains.values()) {
            removals.add(Thread.ofVirtual().start(() -> remove(guest)));
        }
        for (Thread removal : removals) {
            try {
                removal.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
