// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A domain may die at any moment of a send to it, and the sender has done nothing wrong. */
class SendDuringDestroyTest {
    private static final int ROUNDS = 300;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void e6_shouldDropEventsToADomainThatDies(boolean fifo) throws InterruptedException {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest sender = hypervisor.guest();
            EventChannels events = sender.domain().events();
            AtomicBoolean stop = new AtomicBoolean();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    while (!stop.get()) {
                        events.send(1);
                    }
                } catch (Throwable t) {
                    failure.set(t);
                }
            });
            try {
                for (int round = 0; round < ROUNDS && failure.get() == null; round++) {
                    dieUnderFire(hypervisor, sender, fifo);
                }
            } finally {
                stop.set(true);
                thread.join();
            }
            assertThat(failure.get()).isNull();
        }
    }

    private static void dieUnderFire(Hypervisor hypervisor, Guest sender, boolean fifo) {
        int offered = sender.domain().events().allocUnbound(0);
        assertThat(offered).isEqualTo(1);
        sender.domain().events().close(offered);
        Guest victim = hypervisor.guest(new DomainLayout(4, 1, 1));
        offered = sender.domain().events().allocUnbound(victim.domid());
        victim.domain().events().bindInterdomain(sender.domid(), offered);
        // The victim claims to sleep and takes every event, so that every send goes all the way to the bell.
        DomainLayout layout = victim.domain().memory().layout();
        long asleep = DomainLayout.bytes(layout.vcpuControl(0)) + DomainLayout.VCPU_ASLEEP;
        FifoGuest queues = fifo ? new FifoGuest(victim).start(1, false) : null;
        for (int i = 0; i < 200; i++) {
            if (fifo) {
                queues.take(0);
            } else {
                victim.takeEvents();
            }
            victim.memory().set(ValueLayout.JAVA_INT, asleep, 1);
        }
        hypervisor.monitor().destroy(victim.domain());
        sender.domain().events().close(offered);
    }

    @Test
    void shouldDropWhatComesAfterTheEnd() {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            GuestDelivery delivery =
                    new GuestDelivery(guest.domain().memory(), guest.domain().vcpu(0));
            delivery.close();
            delivery.close();
            delivery.raise(new Port(5));
            assertThat(guest.isPending(5)).isFalse();
            SharedInfo.testAndSetPendingVolatile(guest.sharedInfo(), 0, 6);
            delivery.clear(new Port(6));
            assertThat(guest.isPending(6)).isTrue();
            SharedInfo.testAndSetMaskVolatile(guest.sharedInfo(), 0, 6);
            delivery.unmask(new Port(6));
            assertThat(SharedInfo.isMaskedAcquire(guest.sharedInfo(), 0, 6)).isTrue();
            guest.takeEvents();
        }
    }
}
