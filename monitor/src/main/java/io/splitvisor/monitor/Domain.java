// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.GuestDelivery;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.MonitorMemory;
import io.splitvisor.monitor.paging.Paging;
import io.splitvisor.monitor.paging.PagingConfig;
import io.splitvisor.monitor.paging.PagingEvents;
import io.splitvisor.monitor.time.Alarms;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.monitor.time.ThreadTimes;
import io.splitvisor.monitor.time.Watchdogs;
import io.splitvisor.monitor.trace.TraceSink;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/** A guest as the monitor knows it: its memory, its event channels, its grants, its bells. */
public final class Domain {
    /** Port numbers are below this, with the larger of the two ABIs. */
    private static final int PORTS = io.splitvisor.abi.evtchn.EventChannels.FIFO_NR_CHANNELS;

    private final int domid;
    private final DomainResources resources;
    private final SystemClock clock;
    private final MemorySegment sharedInfo;
    private final GuestMemory memory;
    private final Paging paging;
    private final Vcpu[] vcpus;
    private final GuestDelivery delivery;
    private final EventChannels events;
    private final GrantTable grants;
    private final MonitorListener listener;
    private final AtomicReference<Life> life = new AtomicReference<>(Life.RUNNING);
    private final HvmParams params = new HvmParams();
    private final GuestLog log;
    private volatile boolean dying;
    private volatile int shutdownReason;
    private volatile UUID handle = new UUID(0, 0);
    private volatile LongSupplier cpuNanos = () -> 0;
    private volatile IntFunction<Optional<ThreadTimes>> threadTimes = _ -> Optional.empty();
    private final VcpuScheduling[] scheduling;
    private final Watchdogs watchdogs;
    private volatile boolean paused;
    private volatile TraceSink trace;
    private volatile boolean marksRunstateUpdates;

    /** Whether it goes on. */
    private enum Life {
        RUNNING,
        /** Until somebody resumes it. */
        SUSPENDED,
        ENDED
    }

    /** How the last resumption was meant. */
    private volatile boolean anew;

    /** The reason that the guest latched before it shuts down, as an int of 8 bits; -1 for none. */
    private volatile int shutdownCode = -1;

    /** Takes the resources over, and gives them back if this fails. */
    Domain(
            int domid,
            DomainResources resources,
            DomainLayout layout,
            PagingConfig pagingConfig,
            MonitorListener listener,
            Object lock,
            IntFunction<EventChannels> domains,
            SystemClock clock,
            Alarms alarms) {
        this(domid, resources, layout, pagingConfig, listener, null, lock, domains, clock, alarms);
    }

    /** As above, with event channels that exist already: Dom0's. */
    Domain(
            int domid,
            DomainResources resources,
            DomainLayout layout,
            PagingConfig pagingConfig,
            MonitorListener listener,
            EventChannels existing,
            Object lock,
            IntFunction<EventChannels> domains,
            SystemClock clock,
            Alarms alarms) {
        this.domid = domid;
        this.resources = resources;
        this.clock = clock;
        this.listener = listener;
        this.log = new GuestLog(line -> listener.logged(this, line));
        boolean complete = false;
        try {
            MemorySegment monitorMemory = resources.monitorPages().segment();
            MonitorLayout maps = MonitorHeader.layout(monitorMemory);
            this.memory = new GuestMemory(resources.ram(), layout, maps, monitorMemory);
            this.grants = new GrantTable(memory);
            this.vcpus = new Vcpu[layout.vcpus()];
            this.sharedInfo = memory.page(layout.sharedInfo());
            for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
                long asleep = DomainLayout.bytes(layout.vcpuControl(vcpu)) + DomainLayout.VCPU_ASLEEP;
                Doorbell bell = new Doorbell(resources.ram().segment(), asleep, resources.bellToGuest());
                vcpus[vcpu] = new Vcpu(vcpu, bell, new Vcpu.Info(sharedInfo, SharedInfo.vcpuInfo(0, vcpu)));
                SharedRing.init(memory.pages(layout.hypercallRing(vcpu), DomainLayout.HYPERCALL_RING_PAGES));
            }
            this.paging = Paging.of(
                    pagingConfig,
                    memory.frames(),
                    new MonitorMemory(monitorMemory, maps),
                    vcpus.length,
                    new PagingEvents() {
                        @Override
                        public void upcall(int vcpu) {
                            vcpus[vcpu].upcall();
                        }

                        @Override
                        public void crash(String why) {
                            Domain.this.crash(why);
                        }
                    });
            this.delivery = new GuestDelivery(memory, vcpus);
            this.events = existing != null
                    ? existing
                    : new EventChannels(domid, delivery, vcpus.length, PORTS, lock, domains);
            this.watchdogs = new Watchdogs(clock, alarms, domid, () -> shutdown(ShutdownReason.WATCHDOG.code()));
            this.scheduling = new VcpuScheduling[layout.vcpus()];
            for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
                scheduling[vcpu] = new VcpuScheduling(this, vcpus[vcpu], clock, alarms);
            }
            clock.addWallClock(sharedInfo);
            complete = true;
        } finally {
            if (!complete) {
                resources.close();
            }
        }
    }

    /** The domain's number. */
    public int domid() {
        return domid;
    }

    /** Whether it may do what concerns other domains, or all of them. */
    public boolean privileged() {
        return domid == 0;
    }

    /** Its guest-physical memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** How its memory is virtualized. */
    public Paging paging() {
        return paging;
    }

    /** The memory that only the monitor writes. */
    public SharedMemory monitorPages() {
        return resources.monitorPages();
    }

    /** Its event channels. */
    public EventChannels events() {
        return events;
    }

    /** Who hears of its hypercalls and events; null for nobody. */
    public TraceSink trace() {
        return trace;
    }

    /** Lets somebody hear of its hypercalls and of the events that it is sent; null for nobody. */
    public void trace(TraceSink sink) {
        trace = sink;
        delivery.trace(sink);
    }

    /** Events that it has been sent, by whomever. */
    public long eventsReceived() {
        return delivery.raised();
    }

    /** Its grant table. */
    public GrantTable grants() {
        return grants;
    }

    /** The bell that the guest rings for Dom0. */
    public EventFd bellToDom0() {
        return resources.bellToDom0();
    }

    /** The bell that wakes the guest. */
    public EventFd bellToGuest() {
        return resources.bellToGuest();
    }

    /** A vCPU by number, from 0 to {@link #vcpus} - 1. */
    public Vcpu vcpu(int id) {
        return vcpus[id];
    }

    /** How many vCPUs it has. */
    public int vcpus() {
        return vcpus.length;
    }

    /** Its parameters. */
    public HvmParams params() {
        return params;
    }

    /** Where it writes lines for the monitor's log. */
    public GuestLog log() {
        return log;
    }

    /** The name that the toolstack gave it. */
    public UUID handle() {
        return handle;
    }

    /** Names it. */
    public void handle(UUID name) {
        handle = name;
    }

    /** Processor time that it has used, in nanoseconds, as far as the toolstack knows. */
    public long cpuNanos() {
        return cpuNanos.getAsLong();
    }

    /** Sets who knows the processor time. */
    public void cpuNanos(LongSupplier clock) {
        cpuNanos = clock;
    }

    /** What the host's scheduler says of one of its threads, if it is one of its threads. */
    Optional<ThreadTimes> threadTimes(int thread) {
        return threadTimes.apply(thread);
    }

    /** Sets who knows what the host's scheduler says of the domain's threads. Asked by their numbers, which come from the guest. */
    public void threadTimes(IntFunction<Optional<ThreadTimes>> scheduler) {
        threadTimes = scheduler;
    }

    /** Whether it is being taken away. */
    public boolean dying() {
        return dying;
    }

    void startDying() {
        dying = true;
    }

    /** Why it ended: a {@link io.splitvisor.abi.ShutdownReason}'s code, if {@link #ended}. */
    public int shutdownReason() {
        return shutdownReason;
    }

    /** A vCPU's timers and states, in the domain's thread. */
    public VcpuScheduling scheduling(int vcpu) {
        return scheduling[vcpu];
    }

    /** Its watchdogs, in the domain's thread. */
    public Watchdogs watchdogs() {
        return watchdogs;
    }

    /** Whether copies of a runstate are marked while they are written ({@code VMASST_TYPE_runstate_update_flag}). */
    public boolean marksRunstateUpdates() {
        return marksRunstateUpdates;
    }

    /** Switches that on or off. */
    public void markRunstateUpdates(boolean value) {
        marksRunstateUpdates = value;
    }

    /** Whether its hypercalls and rings stand still. */
    public boolean paused() {
        return paused;
    }

    /** Lets hypercalls and rings stand still, or go on. Whoever goes on has to wake the workers. */
    public void pause(boolean value) {
        paused = value;
    }

    /** Whether the guest has ended, in whatever way, or is suspended: none of its hypercalls is served any more. */
    public boolean ended() {
        return life.get() != Life.RUNNING;
    }

    /** Whether it has shut down to be suspended: {@link #resume} lets it go on. */
    public boolean suspended() {
        return life.get() == Life.SUSPENDED;
    }

    /**
     * A domain that was suspended runs again ({@code XEN_DOMCTL_resumedomain}): its {@code SCHEDOP_shutdown} returns. Whoever
     * resumes it has to wake the workers. Event channels and grants stay as they are.
     *
     * @param asNew whether the guest is to take itself for a new domain, to which the call returns 0 and not 1
     * @return false if it was not suspended
     */
    public boolean resume(boolean asNew) {
        anew = asNew;
        shutdownCode = -1;
        return life.compareAndSet(Life.SUSPENDED, Life.RUNNING);
    }

    /** Whether it is to take itself for a new domain, since it was resumed last. */
    public boolean resumedAnew() {
        return anew;
    }

    /** The guest ended in an orderly way; only the first end counts, with the reason latched before, if there is one. */
    public void shutdown(int reason) {
        int code = shutdownCode < 0 ? reason : shutdownCode;
        Life next = code == ShutdownReason.SUSPEND.code() ? Life.SUSPENDED : Life.ENDED;
        if (life.compareAndSet(Life.RUNNING, next)) {
            shutdownReason = code & 0xff;
            listener.shutdown(this, code);
        }
    }

    /** {@code SCHEDOP_shutdown_code}: the reason with which the domain will shut down; only the first counts. */
    public void shutdownCode(int reason) {
        if (shutdownCode < 0) {
            shutdownCode = reason & 0xff;
        }
    }

    /**
     * Its timers and watchdogs do not come any more, and its rings are not served again. In the domain's thread, or when there
     * is none any more.
     */
    public void stopTimers() {
        watchdogs.stop();
        for (VcpuScheduling each : scheduling) {
            each.stop();
        }
        for (Vcpu vcpu : vcpus) {
            vcpu.onWake(() -> {});
        }
    }

    /** The guest did what it may not, or died while it was suspended; only the first end counts. */
    public void crash(String why) {
        if (life.getAndSet(Life.ENDED) != Life.ENDED) {
            shutdownReason = ShutdownReason.CRASH.code();
            listener.crashed(this, why);
        }
    }

    /**
     * Gives the memory back. Nobody uses it any more, neither loops and back ends nor the process; late events are
     * dropped. Idempotent.
     */
    void close() {
        delivery.close();
        for (VcpuScheduling each : scheduling) {
            each.close();
        }
        clock.removeWallClock(sharedInfo);
        resources.close();
    }
}
