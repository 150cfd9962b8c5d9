// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.config.Action;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.flight.Flight;
import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Devices;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HostInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.TraceInfo;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import io.splitvisor.host.HostException;
import io.splitvisor.hypercall.ToolstackCalls.DomainState;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.MonitorListener;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The toolstack: every verb, over real domains. Verbs that change a domain hold its monitor lock, so that they come one
 * after the other; what a guest does by itself (shut down, crash, die) comes in through {@link MonitorListener} and is
 * carried out on a virtual thread, never on the loop that noticed it.
 */
final class Domains implements Toolstack, MonitorListener {
    private static final long PAGES_PER_MIB = (1 << 20) / DomainLayout.PAGE_SIZE;
    private static final long KIB_PER_PAGE = DomainLayout.PAGE_SIZE / 1024;

    /** A guest that has not attached by then never will. */
    private static final long ATTACH_SECONDS = 20;

    /** A domain that restarts sooner than this after its creation is in a loop: libxl refuses to go on, too. */
    private static final Duration SHORTEST_LIFE = Duration.ofSeconds(1);

    private final ConcurrentSkipListMap<Integer, GuestDomain> domains = new ConcurrentSkipListMap<>();
    private final Traces traces = new Traces(domains.values());
    private final DomainEvents events = new DomainEvents();
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
    private final Object names = new Object();
    private final Dom0Info dom0;
    private volatile Dom0Services services;
    private volatile boolean closing;

    Domains(Dom0Info dom0) {
        this.dom0 = dom0;
    }

    /** The second half of construction: the monitor needs a listener before there are services. */
    void connect(Dom0Services ready) {
        services = ready;
    }

    /** All guests by domid; others may look. */
    Map<Integer, GuestDomain> all() {
        return domains;
    }

    @Override
    public int create(DomainConfig config, CreateOptions options) {
        return create(config, options.paused());
    }

    private int create(DomainConfig config, boolean paused) {
        if (closing) {
            throw new ToolstackException(Kind.SHUTTING_DOWN, "Dom0 is shutting down");
        }
        GuestProcess.requireKernel(config);
        GuestDomain guest;
        synchronized (names) {
            requireFree(config);
            guest = build(config);
            domains.put(guest.domid(), guest);
            traces.added(guest.domain());
        }
        try {
            services.storeLayout().write(guest);
            for (DiskConfig disk : config.disks()) {
                services.disks().attach(guest, disk);
            }
            services.devices().attachAll(guest);
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

    private GuestDomain build(DomainConfig config) {
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
        GuestDomain guest = new GuestDomain(services, domain, config);
        services.calls().setHandle(domain.domid(), guest.uuid());
        limit(guest, guest.targetKib());
        return guest;
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

    @Override
    public List<DomainInfo> list() {
        List<DomainInfo> result = new ArrayList<>();
        result.add(dom0.domain());
        Map<Integer, DomainState> states =
                services.calls().domains().stream().collect(Collectors.toMap(DomainState::domid, Function.identity()));
        domains.values().forEach(guest -> result.add(guest.info(states.get(guest.domid()))));
        return result;
    }

    private GuestDomain guest(int domid) {
        if (domid == DOM0) {
            throw new ToolstackException(Kind.BAD_STATE, "Cannot do this to Domain-0.");
        }
        GuestDomain guest = domains.get(domid);
        if (guest == null) {
            throw Toolstack.noSuchDomain(domid);
        }
        return guest;
    }

    GuestDomain runningGuest(int domid) {
        GuestDomain guest = guest(domid);
        if (guest.dying() || guest.shutdown().isPresent()) {
            throw new ToolstackException(
                    Kind.BAD_STATE, "Domain '" + guest.config().name() + "' has shut down.");
        }
        return guest;
    }

    @Override
    public void pause(int domid) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            if (!guest.paused()) {
                guest.pause();
            }
        }
    }

    @Override
    public void unpause(int domid) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            if (guest.paused()) {
                guest.unpause();
            }
        }
    }

    @Override
    public void shutdown(int domid, ShutdownReason reason) {
        GuestDomain guest = runningGuest(domid);
        if (!services.storeLayout().requestShutdown(guest, reason)) {
            throw new ToolstackException(
                    Kind.BAD_STATE,
                    "The guest of domain '" + guest.config().name() + "' does not take requests for " + reason.word()
                            + ".");
        }
    }

    @Override
    public void destroy(int domid) {
        if (domid == DOM0) {
            throw new ToolstackException(Kind.BAD_STATE, "Not destroying domain 0; use -f to force.");
        }
        remove(guest(domid));
    }

    /** Takes a domain down, whatever state it is in. Returns when it is gone; a second caller waits for the first. */
    private void remove(GuestDomain guest) {
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
        services.log().forget(guest.domid());
        services.log()
                .add("d" + guest.domid() + ": destroyed (" + guest.config().name() + ")");
        Flight.domainDestroyed(guest.domid(), guest.config().name());
        events.publish(new DomainEvent.Destroyed(guest.domid(), guest.config().name(), guest.shutdown(), successor));
    }

    @Override
    public void setMemory(int domid, long kib) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            if (kib < KIB_PER_PAGE || kib > guest.maxmemKib()) {
                throw new ToolstackException(
                        Kind.INVALID,
                        "memory " + kib + " KiB is not from " + KIB_PER_PAGE + " to the domain's maximum, "
                                + guest.maxmemKib() + " KiB");
            }
            limit(guest, kib);
            guest.targetKib(kib);
            services.storeLayout().memoryTarget(guest, kib);
        }
        services.log().add(domid, "memory target " + kib + " KiB");
    }

    @Override
    public void setMaxMemory(int domid, long kib) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            long most = guest.config().maxmemMib() * 1024;
            if (kib < guest.targetKib() || kib > most) {
                throw new ToolstackException(
                        Kind.INVALID,
                        "maximum memory " + kib + " KiB is not from the domain's target, " + guest.targetKib()
                                + " KiB, to the maxmem that it was created with, " + most + " KiB");
            }
            guest.maxmemKib(kib);
            services.storeLayout().staticMax(guest, kib);
        }
    }

    private void limit(GuestDomain guest, long kib) {
        long result = services.calls().maxMem(guest.domid(), kib);
        if (result < 0) {
            throw new ToolstackException(Kind.FAILED, "max_mem: " + XenErrno.nameOf(result));
        }
    }

    @Override
    public void logged(Domain domain, String line) {
        services.log().add(domain.domid(), line);
    }

    @Override
    public void rename(int domid, String name) {
        GuestDomain guest = guest(domid);
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
        events.publish(new DomainEvent.Renamed(domid, name, before));
    }

    @Override
    public int blockAttach(int domid, DiskConfig disk) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            int devid = services.disks().attach(guest, disk);
            List<DiskConfig> disks = new ArrayList<>(guest.config().disks());
            disks.add(disk);
            guest.config(guest.config().toBuilder().disks(disks).build());
            return devid;
        }
    }

    @Override
    public void blockDetach(int domid, int devid, boolean force) {
        GuestDomain guest = guest(domid);
        synchronized (guest) {
            services.disks().detach(guest, devid, force);
            List<DiskConfig> disks = new ArrayList<>(guest.config().disks());
            disks.removeIf(disk -> disk.devid() == devid);
            guest.config(guest.config().toBuilder().disks(disks).build());
        }
    }

    @Override
    public List<BlockInfo> blockList(int domid) {
        return services.disks().list(guest(domid));
    }

    @Override
    public Devices devices() {
        return services.devices();
    }

    @Override
    public List<VcpuInfo> vcpuList(int domid) {
        return domid == DOM0 ? List.of() : guest(domid).vcpus();
    }

    @Override
    public void vcpuSet(int domid, int count) {
        GuestDomain guest = runningGuest(domid);
        int most = guest.config().maxVcpus();
        if (count < 1 || count > most) {
            throw new ToolstackException(
                    Kind.INVALID, "Error: Domain '" + domid + "' can have 1 to " + most + " VCPUs, not " + count + ".");
        }
        services.storeLayout().setVcpus(guest, count);
    }

    @Override
    public HypercallInfo hypercalls(int domid) {
        return guest(domid).hypercallInfo();
    }

    @Override
    public PagingInfo paging(int domid) {
        return guest(domid).pagingInfo();
    }

    @Override
    public PageWalk pageWalk(int domid, int vcpu, long linear) {
        return guest(domid).pageWalk(vcpu, linear);
    }

    @Override
    public TraceInfo startTrace(Path file, List<Integer> domids) {
        domids.forEach(this::guest);
        return traces.start(file, domids);
    }

    @Override
    public TraceInfo trace() {
        return traces.info();
    }

    @Override
    public TraceInfo stopTrace() {
        return traces.stop();
    }

    @Override
    public SchedCredit schedCredit(int domid) {
        if (domid == DOM0) {
            return new SchedCredit(DOM0, dom0.domain().name(), CpuShare.DEFAULT, Optional.empty());
        }
        GuestDomain guest = guest(domid);
        return new SchedCredit(
                domid,
                guest.config().name(),
                guest.config().cpuShare(),
                services.cpuShares().problem(domid));
    }

    @Override
    public SchedCredit schedCredit(int domid, OptionalInt weight, OptionalInt cap) {
        GuestDomain guest = runningGuest(domid);
        synchronized (guest) {
            CpuShare before = guest.config().cpuShare();
            CpuShare share = new CpuShare(weight.orElse(before.weight()), cap.orElse(before.cap()));
            guest.share(share);
        }
        return schedCredit(domid);
    }

    @Override
    public ConsoleStream console(int domid) {
        return guest(domid).openConsole();
    }

    @Override
    public HostInfo host() {
        return dom0.host(domains.size() + 1);
    }

    @Override
    public List<String> dmesg(boolean clear) {
        return services.log().read(clear);
    }

    @Override
    public DomainInfo waitFor(int domid, Condition condition, Duration timeout) {
        return events.waitFor(guest(domid), condition, timeout, domains);
    }

    @Override
    public Subscription subscribe(Consumer<DomainEvent> listener) {
        return events.subscribe(listener);
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
        guest.shutdown(reason);
        services.log().add(domain.domid(), line);
        background.execute(() -> carryOut(guest, reason));
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
        if (restarts && guest.info().created().plus(SHORTEST_LIFE).isAfter(java.time.Instant.now())) {
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
                rename(guest.domid(), again.name() + "-" + guest.domid());
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
