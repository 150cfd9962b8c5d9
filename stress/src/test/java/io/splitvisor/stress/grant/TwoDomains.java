// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.grant;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.Hypercalls;
import io.splitvisor.hypercall.UpcallSleep;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.hypercall.HypercallTable;
import io.splitvisor.monitor.time.Alarm;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.monitor.time.TimeSource;
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

    final Monitor monitor =
            new Monitor(new Silence(), new Listener(), new SystemClock(new NanoTime()), (_, _) -> new NoAlarm());
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
        DomainLayout layout = domain.memory().layout();
        GuestMemory memory = new GuestMemory(domain.memory().segment(), layout);
        int pages = DomainLayout.HYPERCALL_RING_PAGES;
        int slots = pages * GuestMemory.PAGE_SIZE / 64;
        int sends = slots * HypercallBatch.ARGUMENT_BYTES / GuestMemory.PAGE_SIZE;
        int frame = memory.allocate(sends + Hypercalls.ARGUMENT_BYTES / GuestMemory.PAGE_SIZE);
        io.splitvisor.hypercall.HypercallRing ring = new io.splitvisor.hypercall.HypercallRing(
                memory.pages(layout.hypercallRing(0), pages),
                memory.segment(),
                GuestMemory.address(frame),
                domain.bellToDom0(),
                new NeverSleeps());
        long arguments = GuestMemory.address(frame + sends);
        return new Side(domain, memory, new Hypercalls(ring, memory.segment(), arguments));
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

    private static final class NanoTime implements TimeSource {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public boolean hasCycles() {
            return false;
        }

        @Override
        public long cycles() {
            return 0;
        }

        @Override
        public boolean isStable() {
            return false;
        }
    }

    /** Nothing here waits for a time. */
    private static final class NoAlarm implements Alarm {
        @Override
        public void set(long systemTime) {
            throw new AssertionError("nobody sets a timer");
        }

        @Override
        public void cancel() {}
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

    private static final class Silence implements EventDelivery {
        @Override
        public void raise(Port port) {}

        @Override
        public void unmask(Port port) {}

        @Override
        public void clear(Port port) {}
    }

    private static final class Listener implements MonitorListener {
        @Override
        public void shutdown(Domain domain, int reason) {
            throw new AssertionError("nobody shuts down");
        }

        @Override
        public void crashed(Domain domain, String why) {
            throw new AssertionError(why);
        }
    }
}
