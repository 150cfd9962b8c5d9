// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import io.splitvisor.abi.StartInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.loop.PollingLoop;
import io.splitvisor.domu.Attachment;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.host.EventFd;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.PortState.Interdomain;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.monitor.time.SystemClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A guest's runtime over the real monitor, both in this process: no Dom0 but a loop that serves the hypercall rings. */
final class RealGuest implements AutoCloseable {
    private static final int DOM0 = 0;
    private static final int PAGES = 1024;

    final List<String> endings = new CopyOnWriteArrayList<>();
    final PollingLoop loop = new PollingLoop("hypercalls");
    final Monitor monitor = new Monitor(
            EventDelivery.NONE, new Listener(), new SystemClock(System::nanoTime), (_, due) -> loop.newAlarm(due));
    final Domain domain;
    final GuestDomain guest;
    private final EventFd lifeLine = EventFd.create();
    private final List<HypercallRing> rings = new ArrayList<>();

    RealGuest(int vcpus, String commandLine) {
        DomainLayout layout = new DomainLayout(PAGES, 2, vcpus);
        domain = monitor.create(layout);
        long startInfo = DomainLayout.bytes(layout.startInfo());
        StartInfo.nrPages(domain.memory().segment(), startInfo, layout.ramPages());
        StartInfo.cmdLine(domain.memory().segment(), startInfo, commandLine);
        HypercallTable table = new HypercallTable(monitor);
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            HypercallRing ring = new HypercallRing(domain, vcpu, table);
            rings.add(ring);
            domain.vcpu(vcpu).onWake(() -> loop.wake(ring));
        }
        loop.addBell(domain.bellToDom0(), rings.toArray(HypercallRing[]::new));
        int xenstore = domain.events().allocUnbound(DOM0);
        int console = domain.events().allocUnbound(DOM0);
        guest = new GuestDomain(
                new Attachment(
                        lifeLine.fd(),
                        domain.domid(),
                        layout,
                        domain.memory().segment(),
                        domain.monitorPages().segment(),
                        domain.bellToDom0(),
                        domain.bellToGuest(),
                        xenstore,
                        console),
                List.of(),
                status -> endings.add("end " + status));
    }

    /** A port of Dom0's that is connected with one of the guest's. */
    int connect(int port) {
        int bound = dom0().bindInterdomain(domain.domid(), port);
        if (bound < 0) {
            throw new AssertionError("port " + port + " cannot be bound: " + bound);
        }
        return bound;
    }

    /** The guest's port at the other end. */
    int guestPort(int remote) {
        return dom0().state(remote) instanceof Interdomain(EventChannels _, int port) ? port : 0;
    }

    EventChannels dom0() {
        return monitor.dom0Events();
    }

    @Override
    public void close() throws InterruptedException {
        guest.detach();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("vcpu")) {
                thread.join();
            }
        }
        CountDownLatch forgotten = new CountDownLatch(1);
        loop.execute(() -> {
            rings.forEach(loop::forget);
            domain.stopTimers();
            forgotten.countDown();
        });
        forgotten.await();
        loop.close();
        monitor.destroy(domain);
        lifeLine.close();
    }

    private final class Listener implements MonitorListener {
        @Override
        public void shutdown(Domain ended, int reason) {
            endings.add("shutdown " + reason);
        }

        @Override
        public void crashed(Domain ended, String why) {
            endings.add("crash " + why);
        }
    }
}
