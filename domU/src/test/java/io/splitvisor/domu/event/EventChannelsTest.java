// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.domu.GuestFixture;
import io.splitvisor.domu.training.RehearsalHypercalls;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventChannelsTest {
    private final GuestFixture guest = new GuestFixture();
    private final EventChannels events = guest.domain.events();

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void shouldCallTheHandlerInTheUpcallThread() throws InterruptedException {
        CountDownLatch called = new CountDownLatch(1);
        String[] thread = new String[1];
        int port = events.allocUnbound(0, () -> {
            thread[0] = Thread.currentThread().getName();
            called.countDown();
        });
        guest.dom0.raise(port);
        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(thread[0]).isEqualTo("vcpu0");
        assertThat(events.isPending(port)).isFalse();
    }

    @Test
    void shouldDeliverTheEventThatBindingRaises() throws InterruptedException {
        CountDownLatch called = new CountDownLatch(1);
        int port = events.bindInterdomain(0, RehearsalHypercalls.offeredPort(), called::countDown);
        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(guest.domain.hypercalls().evtchnStatus(port)).isEqualTo(EventChannelStatus.INTERDOMAIN);
    }

    @Test
    void shouldReportWhatTheMonitorRefuses() {
        assertThatExceptionOfType(EventChannels.EventChannelException.class)
                .isThrownBy(() -> events.bindInterdomain(4, 5, () -> {}))
                .withMessage("event channel bind_interdomain to port 5 of 4: EINVAL")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(-XenErrno.EINVAL));
    }

    @Test
    void shouldHoldEventsOfAMaskedPortUntilItIsUnmasked() throws InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        int port = events.allocUnbound(0, calls::incrementAndGet);
        events.mask(port);
        guest.dom0.raise(port);
        // Another port's event has been through the upcall thread: this one's would have been, too.
        CountDownLatch other = new CountDownLatch(1);
        guest.dom0.raise(events.allocUnbound(0, other::countDown));
        assertThat(other.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(calls).hasValue(0);
        assertThat(events.isPending(port)).isTrue();
        events.unmask(port);
        await().untilAtomic(calls, org.hamcrest.Matchers.is(1));
    }

    @Test
    void shouldGiveAMaskedPortsEventToWhoPolls() {
        int port = events.allocUnbound(0, () -> {});
        events.mask(port);
        assertThat(events.takePending(port)).isFalse();
        guest.dom0.raise(port);
        assertThat(events.takePending(port)).isTrue();
        assertThat(events.takePending(port)).isFalse();
    }

    @Test
    void shouldDeliverEventsThatCameBeforeTheHandler() throws InterruptedException {
        int port = 1000;
        guest.dom0.raise(port);
        CountDownLatch called = new CountDownLatch(1);
        events.handle(port, called::countDown);
        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldNotLoseTheLastEventOfAStorm() {
        int ports = 70;
        AtomicInteger[] published = new AtomicInteger[ports];
        AtomicInteger[] seen = new AtomicInteger[ports];
        int[] numbers = new int[ports];
        for (int i = 0; i < ports; i++) {
            AtomicInteger from = new AtomicInteger();
            AtomicInteger to = new AtomicInteger();
            published[i] = from;
            seen[i] = to;
            numbers[i] = events.allocUnbound(0, () -> to.set(from.get()));
        }
        for (int round = 1; round <= 20_000; round++) {
            int i = round * 31 % ports;
            published[i].set(round);
            guest.dom0.raise(numbers[i]);
        }
        for (int i = 0; i < ports; i++) {
            int port = i;
            await().until(() -> seen[port].get() == published[port].get());
        }
    }

    @Test
    void shouldSendToTheBackEnd() {
        int port = events.allocUnbound(0, () -> {});
        for (int i = 0; i < 5; i++) {
            events.send(port);
        }
        await().until(() -> guest.dom0.hypercalls().sends(port) == 5);
    }

    @Test
    void shouldMakeHypercallsFromAHandler() {
        AtomicInteger version = new AtomicInteger();
        int port = events.allocUnbound(
                0, () -> version.set(guest.domain.hypercalls().xenVersion()));
        guest.dom0.raise(port);
        await().untilAtomic(version, org.hamcrest.Matchers.is(4 << 16 | 17));
    }

    @Test
    void shouldCrashTheDomainWhenAHandlerThrows() throws InterruptedException {
        int port = events.allocUnbound(0, () -> {
            throw new IllegalStateException("handler at fault");
        });
        guest.dom0.raise(port);
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(guest.dom0.hypercalls().shutdownReason()).isEqualTo(ShutdownReason.CRASH.code());
    }

    @Test
    void shouldEndWithTheLifeLine() throws InterruptedException {
        guest.attach.hangUp();
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isZero();
        await().untilAsserted(
                        () -> assertThat(guest.domain.hypercalls().xenVersion()).isEqualTo(-XenErrno.EIO));
    }

    @Test
    void shouldRefusePortsThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> events.mask(0));
        assertThatIllegalArgumentException().isThrownBy(() -> events.unmask(4096));
        assertThatIllegalArgumentException().isThrownBy(() -> events.handle(-1, () -> {}));
    }

    /** Raises a port as fast as it can for as long as the condition holds. */
    private void storm(int port, java.util.function.BooleanSupplier goesOn) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (goesOn.getAsBoolean()) {
            assertThat(System.nanoTime() - patience).as("time is over").isNegative();
            guest.dom0.raise(port);
            Thread.onSpinWait();
        }
    }

    @Test
    void e9_shouldHoldUpABackEndWhoseEventsHaveNoWorkBehindThem() {
        AtomicInteger calls = new AtomicInteger();
        int rogue = events.allocUnboundDamped(0, () -> calls.incrementAndGet() < 0);
        AtomicInteger others = new AtomicInteger();
        int other = events.allocUnbound(0, others::incrementAndGet);
        long start = System.nanoTime();
        storm(rogue, () -> events.damped() < 8);
        long took = System.nanoTime() - start;
        // 1 + 2 + 4 + ... + 64 ms before the eighth.
        assertThat(TimeUnit.NANOSECONDS.toMillis(took)).isGreaterThanOrEqualTo(127);
        assertThat(calls.get()).isEqualTo(9);
        // It is held for another 128 ms: the other device knows nothing of it.
        guest.dom0.raise(other);
        await().untilAtomic(others, org.hamcrest.Matchers.is(1));
        // An event is not lost by the waiting.
        guest.dom0.raise(rogue);
        await().untilAtomic(calls, org.hamcrest.Matchers.is(10));
    }

    @Test
    void e9_shouldTrustABackEndAgainThatHasWork() {
        AtomicInteger calls = new AtomicInteger();
        int port = events.allocUnboundDamped(0, () -> calls.incrementAndGet() % 5 == 0);
        storm(port, () -> calls.get() < 50);
        // 1 + 2 + 4 ms of each five, and never more.
        assertThat(events.damped()).isBetween(27L, 31L);
    }

    @Test
    void e9_shouldNotUnmaskWhatItsOwnerHasMaskedOrClosedMeanwhile() {
        AtomicInteger calls = new AtomicInteger();
        int masked = events.allocUnboundDamped(0, () -> calls.incrementAndGet() < 0);
        int closed = events.allocUnboundDamped(0, () -> false);
        storm(masked, () -> events.damped() < 4);
        events.mask(masked);
        long before = events.damped();
        storm(closed, () -> events.damped() < before + 4);
        events.close(closed);
        int seen = calls.get();
        guest.dom0.raise(masked);
        guest.dom0.raise(closed);
        // Longer than either was held for: a third port of the same kind goes through that time.
        int third = events.allocUnboundDamped(0, () -> false);
        long then = events.damped();
        storm(third, () -> events.damped() < then + 6);
        assertThat(calls.get()).isEqualTo(seen);
        assertThat(events.isPending(masked)).isTrue();
        assertThat(events.isPending(closed)).isTrue();
        events.unmask(masked);
        await().until(() -> calls.get() > seen);
    }

    @Test
    @org.junit.jupiter.api.Timeout(60)
    void e9_shouldCloseAPortInTheMiddleOfItsStorm() {
        for (int round = 0; round < 50; round++) {
            AtomicInteger calls = new AtomicInteger();
            int port = events.allocUnboundDamped(0, () -> calls.incrementAndGet() < 0);
            storm(port, () -> calls.get() < 3);
            events.close(port);
        }
        CountDownLatch alive = new CountDownLatch(1);
        guest.dom0.raise(events.allocUnbound(0, alive::countDown));
        await().until(() -> alive.getCount() == 0);
    }
}
