// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.StartInfo;
import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockException;
import io.splitvisor.domu.block.BlockSettings;
import io.splitvisor.domu.console.Channels;
import io.splitvisor.domu.console.Console;
import io.splitvisor.domu.event.EventChannels;
import io.splitvisor.domu.event.Vcpu;
import io.splitvisor.domu.frontend.GuestFrontendDomain;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.paging.AddressSpaces;
import io.splitvisor.domu.paging.PagingOptions;
import io.splitvisor.domu.paging.ProcessorInterrupts;
import io.splitvisor.domu.paging.ShootdownBy;
import io.splitvisor.domu.time.PvClock;
import io.splitvisor.driver.frontend.FrontBytes;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.Suspendable;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.Hypercalls;
import io.splitvisor.xenstore.RingTransport;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A domain as its guest sees it. Everything here may be used by any thread. */
public final class GuestDomain {
    private static final Duration DISK_PATIENCE = Duration.ofSeconds(30);

    private final Attachment attachment;
    private final List<String> arguments;
    private final ProcessEnd end;
    private final GuestMemory memory;
    private final GrantTable grants;
    private final Vcpu[] vcpus;
    private final EventChannels events;
    private final Console console;
    private final ShutdownControl control = new ShutdownControl(this);
    private final Suspension suspension = new Suspension();
    private final Balloon balloon;
    private final VcpuStates vcpuStates;
    private Xenstore xenstore;
    private String name;
    private PvClock clock;
    private AddressSpaces addressSpaces;

    /** How the guest's process ends: in a host of its own, by halting it. */
    @FunctionalInterface
    public interface ProcessEnd {
        /** Ends the process. In tests it may return. */
        void end(int status);
    }

    /**
     * Takes an attached domain into use, and starts to take its events.
     *
     * @param arguments the guest's own
     */
    public GuestDomain(Attachment attachment, List<String> arguments, ProcessEnd end) {
        this.attachment = attachment;
        this.arguments = arguments;
        this.end = end;
        this.memory = new GuestMemory(attachment.ram(), attachment.layout(), initialPages(attachment));
        this.balloon = new Balloon(this, initialPages(attachment));
        this.vcpus = vcpus();
        this.grants = new GrantTable(memory, new WakeUp(vcpus[0]), vcpus[0].hypercalls());
        this.events = new EventChannels(memory.page(attachment.layout().sharedInfo()), vcpus[0].hypercalls());
        this.vcpuStates = new VcpuStates(vcpus[0].hypercalls(), vcpus.length);
        events.deliverTo(vcpus);
        for (Vcpu vcpu : vcpus) {
            vcpu.start(vcpus, events);
        }
        if (hasWord("xen.fifo_events=1")) {
            events.useFifo(memory);
        }
        if (hasWord("grant_table.version=2")) {
            grants.useVersion2();
        }
        this.console = new Console(firstConsole());
    }

    private FrontBytes firstConsole() {
        int port = attachment.consolePort();
        FrontBytes bytes = FrontBytes.fixed(
                XenconsInterface.PROTOCOL, memory.page(attachment.layout().console()), () -> events.send(port));
        events.handleDamped(port, bytes::upcall);
        return bytes;
    }

    /** Words that Linux has, too. What they choose is not the default because it takes the longer path. */
    private boolean hasWord(String word) {
        return List.of(commandLine().split("\\s+")).contains(word);
    }

    /** What start_info says; a hole is not to be touched, so the layout's number would be too many. */
    private static int initialPages(Attachment attachment) {
        long startInfo = DomainLayout.bytes(attachment.layout().startInfo());
        long pages = StartInfo.nrPages(attachment.ram(), startInfo);
        return Math.clamp(pages, 1, attachment.layout().ramPages());
    }

    private Vcpu[] vcpus() {
        Vcpu[] made = new Vcpu[attachment.layout().vcpus()];
        for (int id = 0; id < made.length; id++) {
            made[id] = new Vcpu(
                    id,
                    memory,
                    attachment.bellToDom0(),
                    attachment.bellToGuest(),
                    attachment.lifeLine(),
                    new Upkeep(id == 0));
        }
        return made;
    }

    /** The domain's number. */
    public int domid() {
        return attachment.domid();
    }

    /** The domain's name, as xenstore has it. */
    public synchronized String name() {
        if (name == null) {
            name = xenstore().read("name");
        }
        return name;
    }

    /** The guest's arguments. */
    public List<String> arguments() {
        return arguments;
    }

    /** The kernel command line, {@code extra} and {@code root} of the configuration. */
    public String commandLine() {
        return StartInfo.cmdLine(
                memory.segment(), DomainLayout.bytes(attachment.layout().startInfo()));
    }

    /** The first console. */
    public Console console() {
        return console;
    }

    /** The other consoles, which the configuration's {@code channel} key names. */
    public Channels channels() {
        return new Channels(frontends());
    }

    /** A connection to xenstored, made when first asked for. Relative paths start at this domain's home. */
    public synchronized Xenstore xenstore() {
        if (xenstore == null) {
            int port = attachment.xenstorePort();
            RingTransport transport =
                    new RingTransport(memory.page(attachment.layout().xenstore()), () -> events.send(port));
            xenstore = new XenstoreConnection(transport);
            events.handle(port, transport::onEvent);
        }
        return xenstore;
    }

    /** The guest's names for its disks: {@code xvda}. */
    public List<String> disks() {
        List<String> names = new ArrayList<>();
        for (int devid : BlockDevice.list(frontends())) {
            names.add(diskName(devid));
        }
        return names;
    }

    /**
     * Connects to a disk.
     *
     * @param name the guest's name for it, {@code xvda}
     * @throws BlockException GONE if there is no such disk, TIMEOUT if its back end does not come
     */
    public BlockDevice disk(String name) {
        for (int devid : BlockDevice.list(frontends())) {
            if (diskName(devid).equals(name)) {
                return BlockDevice.open(frontends(), devid, BlockSettings.defaults(), DISK_PATIENCE);
            }
        }
        throw new BlockException(BlockException.Kind.GONE, "this domain has no disk " + name + ", only " + disks());
    }

    /** What a front end of the guest's own needs. */
    public FrontendDomain frontends() {
        return new GuestFrontendDomain(this, xenstore());
    }

    /** The back end wrote down what the configuration calls it. */
    private String diskName(int devid) {
        String backend = xenstore().read("device/vbd/" + devid + "/backend");
        return xenstore().read(backend + "/dev");
    }

    /** Guest-physical memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** How much of its memory the domain keeps. It follows the toolstack once {@link #followShutdown} was called. */
    public Balloon balloon() {
        return balloon;
    }

    /** The grant table. */
    public GrantTable grants() {
        return grants;
    }

    /** Event channels. */
    public EventChannels events() {
        return events;
    }

    /** Hypercalls, one at a time, through vCPU 0's ring. */
    public Hypercalls hypercalls() {
        return vcpus[0].hypercalls();
    }

    /**
     * Hypercalls, one at a time, through a vCPU's ring: threads that make many may each want their own. A vCPU that is down is
     * brought up.
     *
     * @throws IllegalStateException if the toolstack does not let the domain use it
     */
    public Hypercalls hypercalls(int vcpu) {
        vcpuStates.bringUp(vcpu);
        return vcpus[vcpu].hypercalls();
    }

    /**
     * Brings a vCPU up, and runs something on it, in a thread of its own. This is what {@code VCPUOP_initialise} and {@code
     * VCPUOP_up} come to in a JVM: the context of a vCPU is its entry point.
     *
     * @param vcpu from 1: vCPU 0 is up from the start
     * @return the thread
     * @throws IllegalStateException if it is up, or if the toolstack does not let the domain use it
     */
    public Thread startVcpu(int vcpu, Runnable entry) {
        if (!vcpuStates.bringUp(vcpu)) {
            throw new IllegalStateException("vCPU " + vcpu + " is up");
        }
        return Thread.ofPlatform().name("vcpu" + vcpu + "-main").daemon(true).start(entry);
    }

    /**
     * Takes a vCPU down: its hypercalls are not served, and its periodic timer stands still, until it is brought up again. The
     * thread that {@link #startVcpu} started goes on; the events of its ports come all the same.
     *
     * @param vcpu from 1
     */
    public void stopVcpu(int vcpu) {
        vcpuStates.takeDown(vcpu);
    }

    /** The toolstack took a vCPU away, or gave it back. */
    void vcpuAvailable(int vcpu, boolean available) {
        vcpuStates.available(vcpu, available);
    }

    /** Whether a vCPU is up. */
    public boolean isVcpuUp(int vcpu) {
        return vcpuStates.isUp(vcpu);
    }

    /** System time and the wall clock, without a hypercall. */
    public synchronized PvClock clock() {
        if (clock == null) {
            clock = PvClock.of(memory.page(attachment.layout().sharedInfo()), 0);
        }
        return clock;
    }

    /** How many vCPUs the domain has. */
    public int vcpuCount() {
        return vcpus.length;
    }

    /**
     * Memory management with address spaces, in the paging mode that the domain's configuration names. Processors interrupt
     * each other by event channels.
     *
     * @param options count in the first call, which makes it
     */
    public synchronized AddressSpaces addressSpaces(PagingOptions options) {
        if (addressSpaces == null) {
            AddressSpaces made = new AddressSpaces(
                    memory, attachment.monitor(), vcpu -> hypercalls(vcpu).ring(), options);
            made.interruptBy(new ProcessorInterrupts(events, made));
            if (options.shootdown() == ShootdownBy.HYPERCALL) {
                events.onUpcall(made::upcall);
            }
            addressSpaces = made;
        }
        return addressSpaces;
    }

    /** A batch of hypercalls, with argument structures in frames of its own; made once and used again and again. */
    public HypercallBatch newBatch(int capacity) {
        int bytes = capacity * HypercallBatch.ARGUMENT_BYTES;
        int frame = memory.allocate((bytes + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE);
        return new HypercallBatch(hypercalls().ring(), capacity, memory.segment(), GuestMemory.address(frame));
    }

    /** Starts to follow the toolstack's wishes: without this, {@code splitvisor shutdown} and {@code mem-set} have no effect. */
    public void followShutdown() {
        control.start();
    }

    /** Adds somebody to be told before an orderly shutdown that the toolstack asked for. */
    public void onShutdown(ShutdownListener listener) {
        control.add(listener);
    }

    /**
     * Ends the domain: tells the monitor why, and ends the process.
     *
     * @param reason what the toolstack will act on
     */
    public void shutdown(ShutdownReason reason) {
        System.out.flush();
        hypercalls().schedShutdown(reason.code());
        end.end(reason == ShutdownReason.CRASH ? 1 : 0);
    }

    /**
     * Suspends the domain, and returns when the toolstack has resumed it. Front ends come to rest before, and go on afterwards;
     * calls made meanwhile wait.
     *
     * @return whether the domain runs as a new one, in which front ends connect anew
     */
    public boolean suspend() {
        System.out.flush();
        return suspension.suspend(() -> hypercalls().schedShutdown(ShutdownReason.SUSPEND.code()));
    }

    /** From now on somebody is told when the domain is suspended, and when it runs again. */
    public void follow(Suspendable suspendable) {
        suspension.follow(suspendable);
    }

    /** Nobody has to tell him any more. */
    public void unfollow(Suspendable suspendable) {
        suspension.unfollow(suspendable);
    }

    /** Shuts down as crashed, with a stack trace on the console. */
    public void crash(Throwable cause) {
        try {
            cause.printStackTrace(System.err);
        } finally {
            shutdown(ShutdownReason.CRASH);
        }
    }

    /** Stops to take events, for a process that goes on without the domain. */
    public void detach() {
        for (Vcpu vcpu : vcpus) {
            vcpu.stop();
        }
    }

    /** A grant was put aside: vCPU 0 has to look at the clock from now on. */
    private record WakeUp(Vcpu vcpu) implements Runnable {
        @Override
        public void run() {
            vcpu.wake();
        }
    }

    private final class Upkeep implements Vcpu.Duties {
        private final boolean first;
        private long lastRetry = System.nanoTime();

        private Upkeep(boolean first) {
            this.first = first;
        }

        @Override
        public int upkeep() {
            if (!first || grants.deferred() == 0) {
                return -1;
            }
            long now = System.nanoTime();
            if (now - lastRetry >= GrantTable.RETRY_MILLIS * 1_000_000L) {
                lastRetry = now;
                grants.retryDeferred();
            }
            return GrantTable.RETRY_MILLIS;
        }

        @Override
        public void lifeLineEnded() {
            if (first) {
                end.end(0);
            }
        }

        @Override
        public void failed(Throwable cause) {
            crash(cause);
        }
    }
}
