// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.abi.Virq;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.time.PvClock;
import io.splitvisor.hypercall.VcpuCalls.RunstateInfo;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Uses all its vCPUs: an IPI goes round, timers come to each, all read one clock. What it finds is on its console. */
public final class VcpuGuest implements Guest {
    private static final int ROUNDS = 200;
    private static final int BEATS = 20;
    private static final int TIMERS = 101;
    private static final int READS = 2_000_000;
    private static final long MILLI = 1_000_000;
    private static final long CLOCK_NANOS = 1_200 * MILLI;

    private GuestDomain domain;
    private int vcpus;

    @Override
    public void run(GuestDomain guest) throws Exception {
        domain = guest;
        vcpus = guest.vcpuCount();
        CountDownLatch started = new CountDownLatch(vcpus - 1);
        for (int vcpu = 1; vcpu < vcpus; vcpu++) {
            say("vCPU " + vcpu + " was " + (domain.hypercalls().vcpuIsUp(vcpu) == 0 ? "down" : "up"));
            domain.startVcpu(vcpu, started::countDown);
        }
        require(started.await(20, TimeUnit.SECONDS), "a vCPU did not start");
        passIpisRound();
        singleshotTimers();
        lateness();
        periodicTimers();
        readClocks();
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            RunstateInfo info = domain.hypercalls().vcpuRunstate(vcpu);
            say("vCPU " + vcpu + " blocked " + (info.blocked() > 0) + " offline " + (info.offline() > 0));
        }
        say("ready for hotplug");
        awaitVcpu(1, 0);
        say("vCPU 1 was taken away");
        awaitVcpu(1, 1);
        domain.stopVcpu(vcpus - 1);
        say("vCPU " + (vcpus - 1) + " is " + (domain.hypercalls().vcpuIsUp(vcpus - 1) == 0 ? "down" : "up"));
        say("done");
    }

    private void awaitVcpu(int vcpu, int up) throws InterruptedException {
        for (int i = 0; domain.hypercalls().vcpuIsUp(vcpu) != up; i++) {
            require(i < 2000, "vCPU " + vcpu + " is not " + up);
            Thread.sleep(10);
        }
    }

    private static void say(String text) {
        System.out.println(text);
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }

    private void passIpisRound() throws InterruptedException {
        CountDownLatch hops = new CountDownLatch(ROUNDS * vcpus);
        int[] ports = new int[vcpus];
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            int next = (vcpu + 1) % vcpus;
            String thread = "vcpu" + vcpu;
            ports[vcpu] = domain.events().bindIpi(vcpu, () -> {
                require(Thread.currentThread().getName().equals(thread), "not on " + thread);
                hops.countDown();
                if (hops.getCount() > 0) {
                    domain.events().send(ports[next]);
                }
            });
        }
        domain.events().send(ports[0]);
        require(hops.await(30, TimeUnit.SECONDS), hops.getCount() + " IPIs are missing");
        say("IPIs went round " + ROUNDS + " times");
    }

    private void singleshotTimers() throws InterruptedException {
        long worst = 0;
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            PvClock clock = domain.clock();
            AtomicLong came = new AtomicLong();
            CountDownLatch due = new CountDownLatch(1);
            int port = domain.events().bindVirq(Virq.TIMER, vcpu, () -> {
                came.set(clock.nanos());
                due.countDown();
            });
            long at = clock.nanos() + 30 * MILLI;
            require(domain.hypercalls(vcpu).setTimer(at) == 0, "set_timer_op");
            require(due.await(20, TimeUnit.SECONDS), "no timer on vCPU " + vcpu);
            require(came.get() >= at, "vCPU " + vcpu + ": " + (at - came.get()) + " ns early");
            worst = Math.max(worst, came.get() - at);
            domain.events().close(port);
        }
        say("timers late by at most " + worst + " ns");
    }

    /** How late timers come to a vCPU that sleeps, and what reading the clock costs: for people to read. */
    private void lateness() throws InterruptedException {
        PvClock clock = domain.clock();
        long[] late = new long[TIMERS];
        LinkedBlockingQueue<Long> came = new LinkedBlockingQueue<>();
        int port = domain.events().bindVirq(Virq.TIMER, 1, () -> came.offer(clock.nanos()));
        for (int i = 0; i < TIMERS; i++) {
            long at = clock.nanos() + 2 * MILLI;
            domain.hypercalls(1).setTimer(at);
            Long now = came.poll(20, TimeUnit.SECONDS);
            require(now != null, "a timer is missing");
            late[i] = now - at;
        }
        domain.events().close(port);
        Arrays.sort(late);
        say("timers late by " + late[TIMERS / 2] / 1000 + " us, p90 " + late[TIMERS * 9 / 10] / 1000 + " us");
        long start = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < READS; i++) {
            sum += clock.nanos();
        }
        long middle = System.nanoTime();
        for (int i = 0; i < READS; i++) {
            sum -= System.nanoTime();
        }
        long end = System.nanoTime();
        say("a reading costs " + (middle - start) / READS + " ns, of nanoTime " + (end - middle) / READS + " ns"
                + (sum == 0 ? "!" : ""));
    }

    private void periodicTimers() throws InterruptedException {
        CountDownLatch beats = new CountDownLatch(BEATS * vcpus);
        int[] ports = new int[vcpus];
        long start = domain.clock().nanos();
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            int self = vcpu;
            AtomicLong left = new AtomicLong(BEATS);
            ports[vcpu] = domain.events().bindVirq(Virq.TIMER, vcpu, () -> {
                if (left.getAndDecrement() > 0) {
                    beats.countDown();
                }
            });
            require(domain.hypercalls().vcpuSetPeriodicTimer(self, 5 * MILLI) == 0, "set_periodic_timer");
        }
        require(beats.await(30, TimeUnit.SECONDS), beats.getCount() + " beats are missing");
        require(domain.clock().nanos() - start >= BEATS * 5 * MILLI, "the beat is too fast");
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            require(domain.hypercalls().vcpuStopPeriodicTimer(vcpu) == 0, "stop_periodic_timer");
            domain.events().close(ports[vcpu]);
        }
        say("every vCPU had its beat");
    }

    /** All threads read one clock: it goes back for none of them, nor from one to the next. */
    private void readClocks() throws InterruptedException {
        AtomicLong latest = new AtomicLong();
        AtomicLong worst = new AtomicLong();
        AtomicLong back = new AtomicLong();
        Thread[] readers = new Thread[2];
        for (int i = 0; i < readers.length; i++) {
            readers[i] = Thread.ofPlatform().start(() -> readClock(latest, worst, back));
        }
        for (Thread reader : readers) {
            reader.join();
        }
        say("clock by counter " + domain.clock().readsCounter() + ", back " + back + ", off by " + worst + " ns");
        long wall = System.currentTimeMillis() - domain.clock().wallClock().toEpochMilli();
        say("wall clock off by " + Math.abs(wall) + " ms");
    }

    private void readClock(AtomicLong latest, AtomicLong worst, AtomicLong back) {
        PvClock clock = domain.clock();
        long end = System.nanoTime() + CLOCK_NANOS;
        while (System.nanoTime() < end) {
            long seen = latest.get();
            long before = System.nanoTime();
            long reading = clock.nanos();
            long after = System.nanoTime();
            if (reading < seen) {
                back.incrementAndGet();
            }
            latest.accumulateAndGet(reading, Math::max);
            worst.accumulateAndGet(Math.max(before - reading, reading - after), Math::max);
        }
    }
}
