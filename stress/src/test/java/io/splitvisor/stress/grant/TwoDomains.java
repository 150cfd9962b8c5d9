// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.grant;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.Hypercalls;
import io.splitvisor.hypercall.UpcallSleep;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.stress.monitor.InProcess;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A monitor with two domains in this process, and a thread that serves their hypercalls as Dom0's loop would. */
final class TwoDomains implements AutoCloseable {
    /** One domain, from both sides. */
    record Side(Domain domain, GuestMemory memory, Hypercalls hypercalls) {
        int domid() {
            return domain.domid();
        }
    }

    final Monitor monitor = InProcess.monitor();
    final Side front;
    final Side driver;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Thread loop;
    private volatile List<HypercallRing> rings;
    private volatile int rounds;
    private volatile boolean stopped;

    TwoDomains(DomainLayout layout) {
        HypercallTable table = new HypercallTable(monitor);
        Domain first = monitor.create(layout);
        Domain second = monitor.create(layout);
        rings = List.of(new HypercallRing(first, 0, table), new HypercallRing(second, 0, table));
        front = side(first);
        driver = side(second);
        loop = Thread.ofPlatform().daemon().name("hypercalls").start(this::serve);
    }

    /** Takes the front end's domain away, as the toolstack does: out of the loop, then out of the monitor. */
    void destroyFront() {
        rings = List.of(rings.getLast());
        int now = rounds;
        while (rounds - now < 2 && loop.isAlive()) {
            Thread.onSpinWait();
        }
        monitor.destroy(front.domain);
    }

    private void serve() {
        try {
            while (!stopped) {
                rounds = rounds + 1;
                int moved = 0;
                for (HypercallRing ring : rings) {
                    moved += ring.serve();
                }
                if (moved == 0) {
                    Thread.onSpinWait();
                    Thread.yield();
                }
            }
        } catch (Throwable t) {
            failure.set(t);
        }
    }

    private static Side side(Domain domain) {
        GuestMemory memory =
                new GuestMemory(domain.memory().segment(), domain.memory().layout());
        int arguments = memory.allocate(Hypercalls.ARGUMENT_BYTES / GuestMemory.PAGE_SIZE);
        return new Side(
                domain,
                memory,
                new Hypercalls(
                        InProcess.hypercalls(domain, memory, 0, new NeverSleeps()),
                        memory.segment(),
                        GuestMemory.address(arguments)));
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        loop.join();
        monitor.destroy(front.domain);
        monitor.destroy(driver.domain);
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    /** These domains have no upcall thread. */
    private static final class NeverSleeps implements UpcallSleep {
        @Override
        public boolean isOwner() {
            return false;
        }

        @Override
        public void arm() {
            throw new AssertionError("nobody sleeps");
        }

        @Override
        public void sleep(int millis) {
            throw new AssertionError("nobody sleeps");
        }

        @Override
        public void disarm() {
            throw new AssertionError("nobody sleeps");
        }
    }
}
