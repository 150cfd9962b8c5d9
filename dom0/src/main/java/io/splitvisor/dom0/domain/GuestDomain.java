// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantTable;
import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.attach.Invitation;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HypercallInfo;
import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import io.splitvisor.dom0.trace.TraceLoop;
import io.splitvisor.dom0.xenstored.RingPage;
import io.splitvisor.driver.backend.FixedLine;
import io.splitvisor.hypercall.ToolstackCalls.DomainState;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.time.Runstates;
import io.splitvisor.monitor.time.ThreadTimes;
import io.splitvisor.ring.SharedRing;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A guest domain from its creation to its end: the monitor's domain, the process in it, its console and its rings. Who may
 * call what when is the business of {@link Domains}; this class holds the parts together.
 */
final class GuestDomain implements Invitation.Guest {
    private static final Logger LOG = LoggerFactory.getLogger(GuestDomain.class);
    private static final long LOOP_SECONDS = 10;
    private static final long EXIT_SECONDS = 1;
    private static final long KIB_PER_PAGE = DomainLayout.PAGE_SIZE / 1024;
    private static final int HYPERCALL_SLOTS =
            SharedRing.slots(DomainLayout.bytes(DomainLayout.HYPERCALL_RING_PAGES), MulticallEntry.SIZE);

    private final Dom0Services services;
    private final Domain domain;
    private final UUID uuid;
    private final Instant created = Instant.now();
    private final PollingLoop loop;
    private final ConsoleDevice console;
    private final Consoles consoles;
    private final FixedLine consoleLine;
    private final List<HypercallRing> hypercallRings = new ArrayList<>();
    private final CompletableFuture<Void> attached = new CompletableFuture<>();
    private final Welcome welcome;
    private final GuestLaunch launch;
    private final EventChannel xenstoreChannel;

    private volatile long targetKib;
    private volatile long maxmemKib;
    private volatile DomainConfig config;
    private volatile GuestProcess process;
    private volatile boolean paused;
    private volatile boolean dying;

    /** In the loop: the domain's memory may go. */
    private boolean disconnected;

    private volatile ShutdownReason shutdown;

    /**
     * Builds the domain's memory and connects its rings.
     *
     * @param launch its process, which cannot attach yet
     */
    GuestDomain(Dom0Services services, Domain domain, DomainConfig config, GuestLaunch launch) {
        this.services = services;
        this.launch = launch;
        this.domain = domain;
        this.uuid = config.uuid().orElseGet(UUID::randomUUID);
        this.config = config.toBuilder().uuid(Optional.of(uuid)).build();
        this.targetKib = config.memoryMib() * 1024;
        this.maxmemKib = config.maxmemMib() * 1024;
        domain.cpuNanos(this::cpuNanos);
        domain.threadTimes(this::threadTimes);
        this.loop = services.backends().loop(domain.domid());
        DomainLayout layout = domain.memory().layout();
        this.console = new ConsoleDevice(services.backends().control("console of domain " + domain.domid()));
        this.consoles = new Consoles(console, services.terminals());
        this.welcome = new StartOfDay(domain, config).write();
        for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
            HypercallRing ring = new HypercallRing(domain, vcpu, services.hypercalls());
            hypercallRings.add(ring);
            domain.vcpu(vcpu).onWake(() -> loop.wake(ring));
        }
        // One bell for all vCPUs: it does not tell whose ring has something.
        loop.addBell(domain.bellToDom0(), hypercallRings.toArray(RingWorker[]::new));
        this.consoleLine = FixedLine.open(
                services.backends(),
                new FixedLine.Place(domain.domid(), GrantTable.RESERVED_CONSOLE, welcome.consolePort()),
                console,
                XenconsInterface.PROTOCOL,
                line -> GuestLines.warn(LOG, domid(), "domain {}: console: {}", domid(), line));
        this.xenstoreChannel = services.backends()
                .bind(domain.domid(), welcome.xenstorePort(), () -> services.xenstored()
                        .domainEvent(domain.domid()));
        services.xenstored().introduce(domain.domid(), domain.memory().page(layout.xenstore()), xenstoreChannel::send);
    }

    int domid() {
        return domain.domid();
    }

    /** Memory that it is to have. */
    long targetKib() {
        return targetKib;
    }

    void targetKib(long kib) {
        targetKib = kib;
    }

    /** Keeps it from having more memory than this. */
    void limitMemory(long kib) {
        long result = services.calls().maxMem(domid(), kib);
        if (result < 0) {
            throw new ToolstackException(ToolstackException.Kind.FAILED, "max_mem: " + XenErrno.nameOf(result));
        }
    }

    /** The most that may be its target. */
    long maxmemKib() {
        return maxmemKib;
    }

    void maxmemKib(long kib) {
        maxmemKib = kib;
    }

    private Optional<ThreadTimes> threadTimes(int thread) {
        GuestProcess running = process;
        return running != null ? running.threadTimes(thread) : Optional.empty();
    }

    private long cpuNanos() {
        GuestProcess running = process;
        return running != null && running.alive() ? running.cpuNanos() : 0;
    }

    /** The loop that serves it, for a trace. */
    TraceLoop traceLoop() {
        return new TraceLoop(System::nanoTime, loop::looked, loop::inLoop);
    }

    Domain domain() {
        return domain;
    }

    /** Its ring to xenstored. */
    RingPage storeRing() {
        return new RingPage(domain.memory().page(welcome.layout().xenstore()), xenstoreChannel::send);
    }

    /** What the guest is told when it attaches. */
    Welcome welcome() {
        return welcome;
    }

    UUID uuid() {
        return uuid;
    }

    DomainConfig config() {
        return config;
    }

    void config(DomainConfig changed) {
        config = changed;
    }

    ConsoleDevice console() {
        return console;
    }

    /** All of its consoles. */
    Consoles consoles() {
        return consoles;
    }

    Optional<ShutdownReason> shutdown() {
        return Optional.ofNullable(shutdown);
    }

    void shutdown(ShutdownReason reason) {
        shutdown = reason;
    }

    /** Whether the guest has taken note of the last request to shut down. */
    boolean hasAcknowledged() {
        return services.storeLayout().isShutdownAcknowledged(this);
    }

    boolean dying() {
        return dying;
    }

    void startDying() {
        dying = true;
    }

    /** Completes when the guest's process has its descriptors; exceptionally if it never will. */
    CompletableFuture<Void> attachedFuture() {
        return attached;
    }

    /** Hypercalls served for this domain so far. */
    long hypercalls() {
        return hypercallRings.stream().mapToLong(HypercallRing::calls).sum();
    }

    /** What its hypercall rings have counted. */
    HypercallInfo hypercallInfo() {
        return read(() -> HypercallFigures.of(domain, config.name(), hypercallRings));
    }

    /** How its memory is virtualized. */
    PagingInfo pagingInfo() {
        return read(() -> PagingFigures.of(domain, config.name()));
    }

    /** How an address of a vCPU is translated. */
    PageWalk pageWalk(int vcpu, long linear) {
        if (vcpu < 0 || vcpu >= domain.vcpus()) {
            throw new ToolstackException(
                    ToolstackException.Kind.INVALID,
                    "Error: Domain '" + domain.domid() + "' has no VCPU " + vcpu + ".");
        }
        if (domain.paging().mode() == PagingMode.NONE) {
            throw new ToolstackException(
                    ToolstackException.Kind.INVALID,
                    "Error: Domain '" + domain.domid()
                            + "' has no page tables: its configuration does not set 'paging'.");
        }
        return read(() -> PagingFigures.walk(domain, vcpu, linear));
    }

    /** Reads figures out of its memory. Whoever asks does not keep the domain, which may be taken away meanwhile. */
    private <T> T read(Supplier<T> figures) {
        try {
            return figures.get();
        } catch (IllegalStateException e) {
            if (dying) {
                throw Toolstack.noSuchDomain(domid());
            }
            throw e;
        }
    }

    /** Invites the process. With {@code stopped} it is stopped before it can attach. */
    void start(boolean stopped) {
        paused = stopped;
        domain.pause(stopped);
        process = launch.await();
        process.output(config.name(), console::inject);
        services.cpuShares().started(domid(), process.pid(), config.cpuShare());
        if (stopped) {
            process.stop();
        }
        List<Integer> descriptors = List.of(
                domain.memory().shared().fd(),
                domain.monitorPages().fd(),
                domain.bellToDom0().fd(),
                domain.bellToGuest().fd());
        services.attachServer().invite(launch.token(), new Invitation(process.pid(), welcome, descriptors, this));
        process.onExit().thenAccept(_ -> processEnded());
    }

    /** Gives it another share of the host's processors. */
    void share(CpuShare share) {
        config = config.toBuilder().cpuShare(share).build();
        GuestProcess running = process;
        if (running != null && running.alive()) {
            services.cpuShares().apply(domid(), running.pid(), share);
        }
    }

    @Override
    public void attached() {
        attached.complete(null);
    }

    /** The process that ends closes its life line a moment before it is gone; how it ended is worth that moment. */
    @Override
    public void detached() {
        process.onExit().orTimeout(EXIT_SECONDS, TimeUnit.SECONDS).whenComplete((_, _) -> lifeLineEnded());
    }

    private void processEnded() {
        if (attached.isDone()) {
            lifeLineEnded();
            return;
        }
        // What it said last explains why it did not attach, and may still be on its way.
        process.outputEnd()
                .completeOnTimeout(null, EXIT_SECONDS, TimeUnit.SECONDS)
                .thenRun(() -> {
                    attached.completeExceptionally(new IllegalStateException("process " + process.describeExit()));
                    lifeLineEnded();
                });
    }

    /** What the guest asked for last, a shutdown perhaps, comes before its end. */
    private void lifeLineEnded() {
        loop.execute(() -> {
            if (domain.dying()) {
                // Taken away meanwhile, and its memory with it.
                return;
            }
            for (HypercallRing ring : hypercallRings) {
                // No more than a full ring: a descendant of the process may still be filling it.
                for (int served = 0, moved = 1; moved > 0 && served < HYPERCALL_SLOTS; served += moved) {
                    moved = ring.serve();
                }
            }
            domain.crash("process " + (process == null ? "never ran" : process.describeExit()));
        });
    }

    void pause() {
        paused = true;
        domain.pause(true);
        process.stop();
    }

    void unpause() {
        paused = false;
        domain.pause(false);
        process.resume();
        hypercallRings.forEach(loop::wake);
        console.wake();
    }

    boolean paused() {
        return paused;
    }

    /** The guest asked to be suspended: nothing in it runs from now on. */
    void suspended() {
        process.stop();
        shutdown = ShutdownReason.SUSPEND;
    }

    /** Lets a suspended guest run again, as a new domain or as it was; false if it has died meanwhile. */
    boolean resume(boolean anew) {
        if (anew) {
            new StartOfDay(domain, config).renew(welcome);
        }
        if (!domain.resume(anew)) {
            return false;
        }
        shutdown = null;
        process.resume();
        hypercallRings.forEach(loop::wake);
        console.wake();
        return true;
    }

    /** Once its process is gone: what it has left in its folder stays, and nothing else. */
    void leaveFolder() {
        GuestFolder.removeIfEmpty(services.folderOf(domid()));
    }

    /** Ends the process and waits until it is gone. */
    void kill() {
        services.attachServer().revoke(launch.token());
        launch.awaitAny().ifPresent(this::kill);
    }

    private void kill(GuestProcess running) {
        running.kill();
        try {
            running.onExit().get(LOOP_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            services.log().add(domid(), "process " + running.pid() + " does not die");
        }
    }

    /** Its vCPUs now, as the loop sees them, which alone looks at what they do. */
    List<VcpuInfo> vcpus() {
        CompletableFuture<List<VcpuInfo>> answer = new CompletableFuture<>();
        loop.execute(() -> {
            List<VcpuInfo> vcpus = new ArrayList<>();
            for (int vcpu = 0; !disconnected && vcpu < domain.vcpus(); vcpu++) {
                vcpus.add(vcpu(vcpu));
            }
            answer.complete(vcpus);
        });
        return answer.orTimeout(LOOP_SECONDS, TimeUnit.SECONDS).join();
    }

    private VcpuInfo vcpu(int vcpu) {
        Runstates states = domain.scheduling(vcpu).runstates();
        int state = states.state();
        return new VcpuInfo(
                domid(),
                config.name(),
                vcpu,
                state != Runstate.OFFLINE,
                state == Runstate.RUNNING && !paused,
                state == Runstate.BLOCKED,
                states.time(Runstate.RUNNING),
                states.time(Runstate.BLOCKED),
                states.time(Runstate.OFFLINE));
    }

    /** Takes the domain's rings from its loop; afterwards nobody in Dom0 touches its special pages. */
    void disconnect() {
        CountDownLatch done = new CountDownLatch(1);
        services.xenstored().release(domid());
        xenstoreChannel.close();
        console.close();
        consoleLine.close();
        loop.removeBell(domain.bellToDom0(), () -> {
            hypercallRings.forEach(loop::forget);
            domain.stopTimers();
            disconnected = true;
            done.countDown();
        });
        try {
            if (!done.await(LOOP_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the loop of domain " + domid() + " does not answer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        consoles.end();
    }

    /** As it is now. */
    DomainInfo info() {
        return info(null);
    }

    /**
     * As it is now, with what the monitor says.
     *
     * @param state null if the monitor was not asked, or does not know the domain any more
     */
    DomainInfo info(DomainState state) {
        long pages = state == null ? domain.memory().reservation().pages() : state.pages();
        GuestProcess running = process;
        boolean alive = running != null && running.alive();
        boolean onCpu = alive && !paused && running.running();
        return new DomainInfo(
                domid(),
                config.name(),
                uuid,
                pages * KIB_PER_PAGE,
                maxmemKib,
                config.vcpus(),
                onCpu,
                alive && !paused && !onCpu,
                paused,
                shutdown(),
                dying,
                cpuNanos(),
                created,
                Optional.of(config));
    }
}
