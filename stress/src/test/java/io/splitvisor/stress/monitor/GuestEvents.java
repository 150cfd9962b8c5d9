// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.domu.event.EventChannels;
import io.splitvisor.domu.event.EventHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A guest's events over the real monitor, several vCPUs, by either ABI. Tests extend it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
abstract class GuestEvents {
    private static final int VCPUS = 3;
    private static final int DOM0 = 0;

    private final boolean fifo;
    private final RealGuest real;
    private final EventChannels events;

    GuestEvents(boolean fifo) {
        this.fifo = fifo;
        this.real = new RealGuest(VCPUS, fifo ? "quiet xen.fifo_events=1" : "quiet");
        this.events = real.guest.events();
    }

    @AfterEach
    void close() throws InterruptedException {
        real.close();
        assertThat(real.endings).isEmpty();
    }

    @Test
    void shouldChangeTheAbiBeforeTheFirstHandlerOnly() {
        assertThat(events.isFifo()).isEqualTo(fifo);
        // The console has one.
        assertThatIllegalStateException().isThrownBy(() -> events.useFifo(real.guest.memory()));
        assertThat(events.isFifo()).isEqualTo(fifo);
    }

    @Test
    void shouldRunHandlersOnTheVcpuOfThePort() {
        List<String> threads = new CopyOnWriteArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            ports.add(events.bindIpi(
                    vcpu, () -> threads.add(Thread.currentThread().getName())));
        }
        for (int vcpu = VCPUS - 1; vcpu >= 0; vcpu--) {
            events.send(ports.get(vcpu));
            String expected = "vcpu" + vcpu;
            await().until(() -> threads.contains(expected));
        }
        assertThat(threads).containsExactly("vcpu2", "vcpu1", "vcpu0");
    }

    @Test
    void shouldTakeInterruptsOnTheirVcpu() {
        List<String> threads = new CopyOnWriteArrayList<>();
        EventHandler handler = () -> threads.add(Thread.currentThread().getName());
        int port = events.bindVirq(Virq.TIMER, 1, handler);
        real.domain.events().raiseVirq(1, Virq.TIMER);
        await().until(() -> !threads.isEmpty());
        assertThat(threads).containsExactly("vcpu1");
        assertThatExceptionOfType(EventChannels.EventChannelException.class)
                .isThrownBy(() -> events.bindVirq(Virq.TIMER, 1, handler))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(-XenErrno.EEXIST));
        assertThatExceptionOfType(EventChannels.EventChannelException.class)
                .isThrownBy(() -> events.bindVcpu(port, 2))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(-XenErrno.EINVAL));
        assertThatExceptionOfType(EventChannels.EventChannelException.class)
                .isThrownBy(() -> events.bindIpi(VCPUS, handler))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(-XenErrno.ENOENT));
        // The refusal left it where it was, and unmasked.
        real.domain.events().raiseVirq(1, Virq.TIMER);
        await().until(() -> threads.size() == 2);
        assertThat(threads).containsOnly("vcpu1");
    }

    @Test
    void shouldLoseNoEventOfAPortThatMovesBetweenVcpus() throws InterruptedException {
        AtomicInteger published = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        int port = events.allocUnbound(DOM0, () -> seen.accumulateAndGet(published.get(), Math::max));
        int remote = real.connect(port);
        int rounds = 20_000;
        Thread sender = Thread.ofPlatform().start(() -> {
            for (int i = 1; i <= rounds; i++) {
                published.set(i);
                real.dom0().send(remote);
            }
        });
        for (int i = 0; sender.isAlive(); i++) {
            events.bindVcpu(port, i % VCPUS);
        }
        sender.join();
        await().until(() -> seen.get() == rounds);
    }

    @Test
    void shouldLoseNoEventOfManyPortsOnManyVcpus() throws InterruptedException {
        int ports = 80;
        AtomicInteger[] published = new AtomicInteger[ports];
        AtomicInteger[] seen = new AtomicInteger[ports];
        int[] remotes = new int[ports];
        for (int i = 0; i < ports; i++) {
            AtomicInteger from = new AtomicInteger();
            AtomicInteger to = new AtomicInteger();
            published[i] = from;
            seen[i] = to;
            int port = events.allocUnbound(DOM0, () -> to.set(from.get()));
            remotes[i] = real.connect(port);
            if (i % VCPUS != 0) {
                events.bindVcpu(port, i % VCPUS);
            }
            events.setPriority(port, i % 16);
        }
        List<Thread> senders = new ArrayList<>();
        for (int sender = 0; sender < 2; sender++) {
            int first = sender;
            senders.add(Thread.ofPlatform().start(() -> {
                Random random = new Random(first);
                for (int round = 1; round <= 200_000; round++) {
                    int i = random.nextInt(ports / 2) * 2 + first;
                    published[i].set(round);
                    real.dom0().send(remotes[i]);
                }
            }));
        }
        for (int i = 0; senders.stream().anyMatch(Thread::isAlive); i++) {
            int port = i % ports;
            int local = real.guestPort(remotes[port]);
            events.mask(local);
            events.setPriority(local, i % 16);
            events.unmask(local);
        }
        for (Thread sender : senders) {
            sender.join();
        }
        await().pollDelay(Duration.ZERO).until(() -> {
            for (int i = 0; i < ports; i++) {
                if (seen[i].get() != published[i].get()) {
                    return false;
                }
            }
            return true;
        });
    }

    @Test
    void shouldHoldMaskedEventsUntilTheyAreUnmaskedOnAnyVcpu() {
        AtomicInteger calls = new AtomicInteger();
        int port = events.bindIpi(2, calls::incrementAndGet);
        events.mask(port);
        events.send(port);
        await().until(() -> events.isPending(port));
        assertThat(calls).hasValue(0);
        events.unmask(port);
        await().untilAtomic(calls, org.hamcrest.Matchers.is(1));
        events.mask(port);
        events.send(port);
        await().until(() -> events.takePending(port));
        events.unmask(port);
        events.close(port);
        assertThat(calls).hasValue(1);
    }

    @Test
    void shouldHaveMorePortsWithTheFifoAbi() {
        assertThat(events.isFifo()).isEqualTo(fifo);
        int before = real.domain.events().open();
        int limit = fifo ? 6000 : SharedInfo.EVTCHN_CHANNELS - 1;
        int last = 0;
        for (int i = before; i < limit; i++) {
            last = real.domain.events().allocUnbound(DOM0);
        }
        AtomicInteger calls = new AtomicInteger();
        real.domain.events().close(last);
        int port = events.allocUnbound(DOM0, calls::incrementAndGet);
        assertThat(port).isEqualTo(last);
        real.dom0().send(real.connect(port));
        await().untilAtomic(calls, org.hamcrest.Matchers.is(1));
        if (!fifo) {
            assertThatExceptionOfType(EventChannels.EventChannelException.class)
                    .isThrownBy(() -> events.allocUnbound(DOM0, calls::incrementAndGet))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(-XenErrno.ENOSPC));
        }
    }
}
