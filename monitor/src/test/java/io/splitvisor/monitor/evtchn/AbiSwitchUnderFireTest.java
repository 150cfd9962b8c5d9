// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A guest goes over from the two-level to the FIFO ABI while events come from all sides: none is lost, whichever it met. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class AbiSwitchUnderFireTest {
    private static final int ROUNDS = 300;
    private static final int SENDERS = 2;
    private static final int PORTS = 60;

    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @Test
    void shouldLoseNoEventThatIsSentMeanwhile() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            try (Hypervisor hypervisor = new Hypervisor()) {
                switchUnderFire(hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 1, 1)), round);
            }
        }
        assertThat(failure).hasNullValue();
    }

    private void switchUnderFire(Guest guest, int round) throws Exception {
        EventChannels events = guest.domain().events();
        TreeSet<Integer> sent = new TreeSet<>();
        for (int i = 0; i < PORTS; i++) {
            sent.add(events.bindIpi(0));
        }
        List<Integer> ports = List.copyOf(sent);
        CyclicBarrier start = new CyclicBarrier(SENDERS + 1);
        List<Thread> senders = new ArrayList<>();
        for (int i = 0; i < SENDERS; i++) {
            int first = i;
            senders.add(Thread.ofPlatform().start(() -> send(events, ports, first, start)));
        }
        FifoGuest fifo = new FifoGuest(guest);
        start.await();
        // From round to round a little later.
        for (int turn = 0; turn < round % 100 * 10; turn++) {
            Thread.onSpinWait();
        }
        fifo.start(1, false);
        for (Thread sender : senders) {
            sender.join();
        }
        assertThat(new TreeSet<>(fifo.take(0))).as("round %d", round).isEqualTo(sent);
    }

    /** Each port once: an event that is lost is not made up for by the next. */
    private void send(EventChannels events, List<Integer> ports, int first, CyclicBarrier start) {
        try {
            start.await();
            for (int i = first; i < ports.size(); i += SENDERS) {
                assertThat(events.send(ports.get(i))).isZero();
            }
        } catch (Exception | AssertionError e) {
            failure.compareAndSet(null, e);
        }
    }
}
