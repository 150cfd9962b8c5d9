// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FifoDeliveryTest {
    private static final int VCPUS = 2;
    private static final int LAST_OFFSET = 4096 - 72;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 1, VCPUS));
    private final EventChannels events = guest.domain().events();
    private final EventChannels dom0 = hypervisor.monitor().dom0Events();
    private final FifoGuest fifo = new FifoGuest(guest);

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
        for (int page = 0; page < Hypervisor.RAM_PAGES; page++) {
            assertThat(guest.domain().memory().frames().references(page))
                    .as("references of page %d", page)
                    .isZero();
        }
    }

    /** A port with Dom0 at the other end, which is the answer. */
    private int connect(int vcpu, int priority) {
        int port = events.allocUnbound(0);
        if (vcpu != 0) {
            assertThat(events.bindVcpu(port, vcpu)).isZero();
        }
        if (priority >= 0) {
            assertThat(events.setPriority(port, priority)).isZero();
        }
        return dom0.bindInterdomain(guest.domid(), port);
    }

    private int portOf(int remote) {
        return ((PortState.Interdomain) dom0.state(remote)).remotePort();
    }

    @Test
    void shouldDeliverInTheOrderOfPrioritiesAndThenOfArrival() {
        fifo.start(1, false);
        int low = connect(0, 15);
        int first = connect(0, -1);
        int second = connect(0, 7);
        int high = connect(0, 0);
        for (int remote : new int[] {low, second, first, high, second}) {
            dom0.send(remote);
        }
        assertThat(guest.isUpcallPending(0)).isTrue();
        assertThat(guest.isUpcallPending(1)).isFalse();
        assertThat(fifo.take(0)).containsExactly(portOf(high), portOf(second), portOf(first), portOf(low));
        assertThat(fifo.take(0)).isEmpty();
    }

    @Test
    void shouldHaveQueuesForEachVcpu() {
        fifo.start(1, false);
        int a = connect(0, -1);
        int b = connect(1, -1);
        int timer = events.bindVirq(Virq.TIMER, 1);
        dom0.send(a);
        dom0.send(b);
        events.raiseVirq(1, Virq.TIMER);
        assertThat(fifo.take(1)).containsExactly(portOf(b), timer);
        assertThat(fifo.take(0)).containsExactly(portOf(a));
        events.bindVcpu(portOf(a), 1);
        dom0.send(a);
        dom0.send(b);
        assertThat(guest.isUpcallPending(0)).isFalse();
        assertThat(fifo.take(1)).containsExactly(portOf(a), portOf(b));
    }

    @Test
    void shouldStartAgainWithAPortThatChangedItsQueue() {
        fifo.start(1, false);
        int a = connect(0, -1);
        int b = connect(0, -1);
        dom0.send(a);
        assertThat(fifo.take(0)).containsExactly(portOf(a));
        // It is still the tail that the monitor remembers of the old queue.
        events.setPriority(portOf(a), 3);
        dom0.send(a);
        dom0.send(b);
        assertThat(fifo.take(0)).containsExactly(portOf(a), portOf(b));
        dom0.send(b);
        dom0.send(a);
        assertThat(fifo.take(0)).containsExactly(portOf(a), portOf(b));
    }

    @Test
    void shouldCarryPendingEventsOver() {
        int a = connect(0, -1);
        int b = connect(1, -1);
        int c = connect(0, -1);
        SharedInfo.testAndSetMaskVolatile(guest.sharedInfo(), 0, portOf(b));
        dom0.send(a);
        dom0.send(b);
        assertThat(events.initControl(0, fifo.controlFrame(0), 0)).isZero();
        assertThat(events.initControl(1, fifo.controlFrame(1), 0)).isZero();
        // Between the control block and the first page of event words.
        dom0.send(c);
        fifo.addPage(0, false);
        assertThat(fifo.take(0)).containsExactly(portOf(a), portOf(c));
        // The old mask has no meaning any more.
        assertThat(fifo.take(1)).containsExactly(portOf(b));
        assertThat(fifo.take(0)).isEmpty();
    }

    @Test
    void shouldKeepWhatIsRaisedForAVcpuWithoutAControlBlock() {
        assertThat(events.initControl(0, fifo.controlFrame(0), 0)).isZero();
        fifo.addPage(0, true);
        int remote = connect(1, -1);
        int port = portOf(remote);
        dom0.send(remote);
        assertThat(fifo.word(port) & (FifoGuest.PENDING | FifoGuest.LINKED)).isEqualTo(FifoGuest.PENDING);
        assertThat(events.initControl(1, fifo.controlFrame(1), 0)).isZero();
        fifo.unmask(port);
        assertThat(fifo.take(1)).containsExactly(port);
    }

    @Test
    void shouldKeepWhatIsRaisedBeforeItsPageIsThere() {
        fifo.start(1, false);
        while (events.valid() <= 1024) {
            events.allocUnbound(0);
        }
        int remote = connect(0, -1);
        int port = portOf(remote);
        assertThat(port).isGreaterThanOrEqualTo(1024);
        dom0.send(remote);
        assertThat(fifo.take(0)).isEmpty();
        fifo.addPage(1, true);
        assertThat(fifo.take(0)).isEmpty();
        fifo.unmask(port);
        assertThat(fifo.take(0)).containsExactly(port);
        events.close(port);
        events.close(1);
    }

    @Test
    void shouldHoldEventsOfAMaskedPort() {
        fifo.start(1, true);
        int remote = connect(0, -1);
        int port = portOf(remote);
        dom0.send(remote);
        assertThat(guest.isUpcallPending()).isFalse();
        assertThat(events.poll(port)).isEqualTo(1);
        fifo.unmask(port);
        assertThat(fifo.take(0)).containsExactly(port);
        fifo.unmask(port);
        assertThat(fifo.take(0)).isEmpty();
        dom0.send(remote);
        fifo.mask(port);
        assertThat(fifo.take(0)).isEmpty();
        fifo.unmask(port);
        assertThat(fifo.take(0)).containsExactly(port);
    }

    @Test
    void shouldNotReuseAPortThatStillStandsInAQueue() {
        fifo.start(1, false);
        int remote = connect(0, -1);
        int port = portOf(remote);
        dom0.send(remote);
        events.close(port);
        dom0.close(remote);
        int other = events.allocUnbound(0);
        assertThat(other).isNotEqualTo(port);
        // The guest takes it off the list and finds it not pending.
        assertThat(fifo.take(0)).isEmpty();
        assertThat(events.allocUnbound(0)).isEqualTo(port);
    }

    @Test
    void e6_shouldNeedTheFirstControlBlockBeforeAnythingElse() {
        int port = events.allocUnbound(0);
        assertThat(events.expandArray(3)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(events.setPriority(port, 3)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(dom0.initControl(0, 1, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(dom0.expandArray(1)).isEqualTo(-XenErrno.EOPNOTSUPP);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, 0, ENOENT",
        "-1, 1, 0, ENOENT",
        "2, -1, 1, ENOENT",
        "0, 1, 4, EINVAL",
        "0, 1, 1, EINVAL",
        "0, 1, 4032, EINVAL",
        "0, 1, 4088, EINVAL",
        "0, 1, 4096, EINVAL",
        "0, 1, -8, EINVAL",
        "0, 1, -2147483648, EINVAL",
        "0, 1000, 0, EINVAL",
        "0, -1, 0, EINVAL",
        "0, 9223372036854775807, 0, EINVAL",
        "0, 4503599627370496, 0, EINVAL"
    })
    void e6_shouldRefuseControlBlocksThatCannotBe(int vcpu, long frame, int offset, String error) {
        int expected = error.equals("ENOENT") ? -XenErrno.ENOENT : -XenErrno.EINVAL;
        assertThat(events.initControl(vcpu, frame, offset)).isEqualTo(expected);
        // It goes on with the ABI that it had.
        int remote = connect(0, -1);
        dom0.send(remote);
        assertThat(guest.takeEvents()).containsExactly(portOf(remote));
        fifo.start(1, false);
        assertThat(events.initControl(vcpu, frame, offset)).isEqualTo(expected);
        dom0.send(remote);
        assertThat(fifo.take(0)).containsExactly(portOf(remote));
    }

    @Test
    void e6_shouldAcceptAControlBlockAtTheVeryEndOfAPageOnce() {
        assertThat(events.initControl(0, Hypervisor.RAM_PAGES - 1, LAST_OFFSET)).isZero();
        assertThat(events.initControl(0, Hypervisor.RAM_PAGES - 1, LAST_OFFSET)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.initControl(0, 7, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.domain().memory().isPinned(Hypervisor.RAM_PAGES - 1)).isTrue();
        assertThat(guest.domain().memory().isPinned(7)).isFalse();
        fifo.addPage(0, false);
        int remote = connect(0, 15);
        dom0.send(remote);
        assertThat(guest.isUpcallPending()).isTrue();
    }

    @Test
    void e6_shouldQueueNoEventsOfAVcpuWithoutControlBlock() {
        assertThat(events.initControl(0, fifo.controlFrame(0), 0)).isZero();
        fifo.addPage(0, false);
        int remote = connect(1, -1);
        dom0.send(remote);
        assertThat(guest.isUpcallPending(0)).isFalse();
        assertThat(guest.isUpcallPending(1)).isFalse();
        assertThat(fifo.word(portOf(remote))).isEqualTo(FifoGuest.PENDING);
        assertThat(events.initControl(1, fifo.controlFrame(1), 0)).isZero();
        dom0.send(remote);
        assertThat(fifo.take(1)).containsExactly(portOf(remote));
    }

    @ParameterizedTest
    @ValueSource(longs = {1000, 1001, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 52, 1L << 32})
    void e6_shouldRefuseArrayPagesThatAreNoMemory(long frame) {
        fifo.start(0, false);
        assertThat(events.expandArray(frame)).isEqualTo(-XenErrno.EINVAL);
        fifo.addPage(0, false);
        int remote = connect(0, -1);
        dom0.send(remote);
        assertThat(fifo.take(0)).containsExactly(portOf(remote));
    }

    @Test
    void e6_shouldTakeNoMorePagesThanThereArePorts() {
        fifo.start(0, false);
        for (int i = 0; i < 128; i++) {
            assertThat(events.expandArray(5)).isZero();
        }
        assertThat(events.expandArray(5)).isEqualTo(-XenErrno.ENOSPC);
        assertThat(events.expandArray(-1)).isEqualTo(-XenErrno.ENOSPC);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 255, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void e6_shouldRefusePrioritiesThatDoNotExist(int priority) {
        fifo.start(1, false);
        int port = events.allocUnbound(0);
        assertThat(events.setPriority(port, priority)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.setPriority(port + 1, 1)).isEqualTo(-XenErrno.EACCES);
        assertThat(events.setPriority(0, 1)).isEqualTo(-XenErrno.EACCES);
        assertThat(events.setPriority(4096, 1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.setPriority(-1, 1)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e6_shouldGoBackToTheTwoLevelAbiWithAReset() {
        fifo.start(2, false);
        int remote = connect(0, -1);
        dom0.send(remote);
        assertThat(events.beginReset()).isZero();
        assertThat(events.continueReset(100)).isZero();
        assertThat(guest.domain().memory().isPinned(fifo.controlFrame(0))).isFalse();
        assertThat(guest.domain().memory().isPinned(fifo.pageFrame(1))).isFalse();
        assertThat(events.expandArray(5)).isEqualTo(-XenErrno.EOPNOTSUPP);
        guest.takeUpcall(0);
        dom0.close(remote);
        remote = connect(0, -1);
        dom0.send(remote);
        assertThat(guest.takeEvents()).containsExactly(portOf(remote));
        // And again.
        new FifoGuest(guest).start(1, false);
        dom0.send(remote);
        assertThat(new FifoGuest(guest).take(0)).containsExactly(portOf(remote));
    }

    @Test
    void e2_shouldHaveAsManyPortsAsTheAbi() {
        int count = 0;
        while (events.allocUnbound(0) > 0) {
            count++;
        }
        assertThat(count).isEqualTo(4095);
        fifo.start(0, false);
        while (events.allocUnbound(0) > 0) {
            count++;
        }
        assertThat(count).isEqualTo((1 << 17) - 1);
        assertThat(events.allocUnbound(0)).isEqualTo(-XenErrno.ENOSPC);
        assertThat(events.beginReset()).isZero();
        while (events.continueReset(1000) == EventChannels.RESETTING) {
            assertThat(events.open()).isPositive();
        }
        // Back with the two-level ABI there are fewer, whatever ports exist from before.
        count = 0;
        while (events.allocUnbound(0) > 0) {
            count++;
        }
        assertThat(count).isEqualTo(4095);
    }

    @Test
    void e2_shouldNotSearchForeverAmongPortsThatAGuestKeepsInItsQueues() {
        fifo.start(0, false);
        for (int i = 0; i < 8192; i++) {
            events.allocUnbound(0);
        }
        for (int page = 0; page < 9; page++) {
            fifo.addPage(page, false);
        }
        for (int port = 1; port <= 8192; port++) {
            fifo.word(port, FifoGuest.LINKED);
            events.close(port);
        }
        int refused = 0;
        int port = events.allocUnbound(0);
        while (port == -XenErrno.ENOSPC) {
            refused++;
            port = events.allocUnbound(0);
        }
        // Each search gives up after some, and the next goes on: one of them comes to ports that were never used.
        assertThat(refused).isBetween(1, 8);
        assertThat(port).isGreaterThan(8192);
        fifo.word(4, 0);
        assertThat(events.allocUnbound(0)).isEqualTo(4);
    }

    /** The switch and a sender meet: wherever the sender is, its event is seen by the new ABI. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void e6_shouldLoseNoEventWhileTheAbiChanges() throws Exception {
        for (int round = 0; round < 200; round++) {
            Guest fresh = hypervisor.guest(new DomainLayout(8, 1, 1));
            int port = fresh.domain().events().allocUnbound(0);
            int remote = dom0.bindInterdomain(fresh.domid(), port);
            CyclicBarrier barrier = new CyclicBarrier(2);
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    barrier.await();
                    dom0.send(remote);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            FifoGuest switching = new FifoGuest(fresh);
            barrier.await();
            switching.start(1, false);
            sender.join();
            assertThat(switching.take(0)).as("round %d", round).containsExactly(port);
            dom0.close(remote);
            hypervisor.monitor().destroy(fresh.domain());
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void e6_shouldDropWhatIsSentWhileAGuestResets() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                while (!stop.get()) {
                    for (int port = 1; port < 8; port++) {
                        dom0.send(port);
                    }
                }
            } catch (Throwable t) {
                failure.set(t);
            }
        });
        try {
            for (int round = 0; round < 500; round++) {
                FifoGuest again = new FifoGuest(guest).start(1, false);
                int port = events.allocUnbound(0);
                int remote = dom0.bindInterdomain(guest.domid(), port);
                again.take(0);
                assertThat(events.expandArray(again.pageFrame(1))).isZero();
                assertThat(events.beginReset()).isZero();
                assertThat(events.continueReset(100)).isZero();
                dom0.close(remote);
            }
        } finally {
            stop.set(true);
            sender.join();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void e7_shouldNotStandStillWhenAGuestRewritesItsEventWords() throws Exception {
        fifo.start(1, false);
        int remotes = 16;
        int[] ports = new int[remotes];
        for (int i = 0; i < remotes; i++) {
            ports[i] = connect(i % VCPUS, i);
        }
        Guest bystander = hypervisor.guest();
        int offered = bystander.domain().events().allocUnbound(0);
        int toBystander = dom0.bindInterdomain(bystander.domid(), offered);
        AtomicBoolean stop = new AtomicBoolean();
        Thread rewriter = Thread.ofPlatform().start(() -> {
            int value = 1;
            while (!stop.get()) {
                for (int remote = 1; remote <= remotes; remote++) {
                    value = value * 1103515245 + 12345;
                    // Linked words point anywhere, also where there is no page.
                    fifo.word(remote, value | FifoGuest.LINKED & (value << 7));
                }
                guest.memory().set(java.lang.foreign.ValueLayout.JAVA_INT, 4096L + 8 + (value & 0xf) * 4L, value);
            }
        });
        try {
            for (int i = 0; i < 200_000; i++) {
                dom0.send(ports[i % remotes]);
                if (i % 1000 == 0) {
                    events.unmask(portOf(ports[i / 1000 % remotes]));
                    dom0.send(toBystander);
                    assertThat(bystander.takeEvents()).containsExactly(offered);
                }
            }
        } finally {
            stop.set(true);
            rewriter.join();
        }
        assertThat(hypervisor.endings()).isEmpty();
    }
}
