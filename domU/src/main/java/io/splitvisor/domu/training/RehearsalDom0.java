// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.StartInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.abi.io.XenstoreDomainInterface;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poll;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.ring.ByteRing;
import io.splitvisor.ring.Doorbell;
import io.splitvisor.ring.SharedRing;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The other side of one guest, in the same process: its memory, a thread that serves its hypercall ring, console and
 * xenstore. It believes what the guest says and serves one domain: nothing to build a Dom0 on.
 */
public final class RehearsalDom0 implements AutoCloseable {
    /** The guest's number. */
    public static final int DOMID = 7;

    /** The guest's port to xenstored. */
    public static final int XENSTORE_PORT = 1;

    /** The guest's port to the console back end. */
    public static final int CONSOLE_PORT = 2;

    private static final int NAP_MILLIS = 50;

    private final DomainLayout layout;
    private final SharedMemory ram;
    private final SharedMemory monitorPages;
    private final EventFd bellToDom0 = EventFd.create();
    private final EventFd bellToGuest = EventFd.create();
    private final Doorbell vcpuBell;
    private final MemorySegment sharedInfo;
    private final RehearsalHypercalls hypercalls;
    private final RehearsalStore store;
    private final ByteRing consoleOut;
    private final ByteRing consoleIn;
    private final StringBuilder printed = new StringBuilder();
    private final Thread thread;
    private volatile boolean consoleHeld;
    private volatile boolean closed;

    /** A domain of this layout, with a thread that serves it. */
    public RehearsalDom0(DomainLayout layout, String commandLine) {
        this.layout = layout;
        this.ram = SharedMemory.create("rehearsal-ram", layout.totalBytes());
        this.monitorPages = SharedMemory.createGuarded("rehearsal-monitor", DomainLayout.PAGE_SIZE);
        this.sharedInfo = page(layout.sharedInfo());
        this.hypercalls = new RehearsalHypercalls(ram.segment(), this);
        for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
            MemorySegment ring = ram.segment()
                    .asSlice(
                            DomainLayout.bytes(layout.hypercallRing(vcpu)),
                            DomainLayout.bytes(DomainLayout.HYPERCALL_RING_PAGES));
            SharedRing.init(ring);
            hypercalls.add(ring, bellOf(vcpu));
        }
        this.vcpuBell = bellOf(0);
        MemorySegment console = page(layout.console());
        this.consoleOut = XenconsInterface.out(console, 0);
        this.consoleIn = XenconsInterface.in(console, 0);
        MemorySegment xenstore = page(layout.xenstore());
        this.store = new RehearsalStore(
                XenstoreDomainInterface.req(xenstore, 0), XenstoreDomainInterface.rsp(xenstore, 0), this);
        writeStartInfo(commandLine);
        this.thread = new Thread(this::run, "rehearsal-dom0");
        thread.setDaemon(true);
        thread.start();
    }

    private Doorbell bellOf(int vcpu) {
        long asleep = DomainLayout.bytes(layout.vcpuControl(vcpu)) + DomainLayout.VCPU_ASLEEP;
        return new Doorbell(ram.segment(), asleep, bellToGuest);
    }

    private MemorySegment page(int frame) {
        return ram.segment().asSlice(DomainLayout.bytes(frame), DomainLayout.PAGE_SIZE);
    }

    private void writeStartInfo(String commandLine) {
        MemorySegment info = page(layout.startInfo());
        StartInfo.magic(info, 0, "xen-3.0-x86_64");
        StartInfo.nrPages(info, 0, layout.ramPages());
        StartInfo.sharedInfo(info, 0, DomainLayout.bytes(layout.sharedInfo()));
        StartInfo.storeMfn(info, 0, layout.xenstore());
        StartInfo.storeEvtchn(info, 0, XENSTORE_PORT);
        StartInfo.consoleDomuMfn(info, 0, layout.console());
        StartInfo.consoleDomuEvtchn(info, 0, CONSOLE_PORT);
        StartInfo.cmdLine(info, 0, commandLine);
    }

    /** What the attach protocol would tell the guest. */
    public Welcome welcome() {
        return new Welcome(0, DOMID, layout, monitorPages.byteSize(), XENSTORE_PORT, CONSOLE_PORT);
    }

    /** A descriptor of the attach protocol, 0 to 3. Stays owned by this object. */
    public int descriptor(int index) {
        return switch (index) {
            case 0 -> ram.fd();
            case 1 -> monitorPages.fd();
            case 2 -> bellToDom0.fd();
            case 3 -> bellToGuest.fd();
            default -> throw new IllegalArgumentException("descriptor " + index);
        };
    }

    /** The guest's memory. */
    public MemorySegment memory() {
        return ram.segment();
    }

    /** Where things lie in it. */
    public DomainLayout layout() {
        return layout;
    }

    /** Hypercalls made and their consequences. */
    public RehearsalHypercalls hypercalls() {
        return hypercalls;
    }

    /** What the guest finds in xenstore. */
    public RehearsalStore store() {
        return store;
    }

    /** What the guest has printed. */
    public String printed() {
        synchronized (printed) {
            return printed.toString();
        }
    }

    /** Stops to take the console's output, or goes on with it. */
    public void holdConsole(boolean hold) {
        consoleHeld = hold;
        wake();
    }

    /** Has the serving thread look for work. */
    void wake() {
        bellToDom0.signal();
    }

    /** Types; what does not fit the ring is lost. */
    public void type(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        consoleIn.write(bytes, 0, bytes.length);
        raise(CONSOLE_PORT);
    }

    /** Sends an event to the guest. */
    public void raise(int port) {
        if (SharedInfo.testAndSetPendingVolatile(sharedInfo, 0, port)
                || SharedInfo.isMaskedAcquire(sharedInfo, 0, port)) {
            return;
        }
        long vcpu = SharedInfo.vcpuInfo(0, 0);
        if (!VcpuInfo.testAndSetPendingSelVolatile(sharedInfo, vcpu, SharedInfo.wordOf(port))
                && !VcpuInfo.testAndSetUpcallPendingVolatile(sharedInfo, vcpu)) {
            vcpuBell.ring();
        }
    }

    private void run() {
        try (Poll poll = new Poll(bellToDom0.fd())) {
            while (!closed) {
                if (hypercalls.serve() + drainConsole() + store.serve() > 0 || hypercalls.arm()) {
                    continue;
                }
                poll.await(NAP_MILLIS);
                bellToDom0.drain();
            }
        }
    }

    private int drainConsole() {
        if (consoleHeld) {
            return 0;
        }
        byte[] bytes = new byte[consoleOut.size()];
        int count = consoleOut.read(bytes, 0, bytes.length);
        if (count <= 0) {
            return 0;
        }
        synchronized (printed) {
            printed.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
        }
        raise(CONSOLE_PORT);
        return count;
    }

    /** Stops serving. The memory stays: a guest in this process may still look at it. */
    @Override
    public void close() {
        closed = true;
        bellToDom0.signal();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
