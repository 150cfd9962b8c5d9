// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The FIFO ABI against a model of plain queues, and both ABIs against each other: any operations, in any order. */
class FifoDeliveryPropertyTest {
    private static final int STEPS = 20_000;
    private static final int PORTS = 12;
    private static final int VCPUS = 3;
    private static final int PRIORITIES = 16;

    /** A port in the model. */
    private static final class Model {
        private int remote;
        private boolean pending;
        private boolean masked;
        private boolean linked;
        private int vcpu;
        private int priority = 7;
    }

    private final Model[] ports = new Model[64];
    private final List<List<ArrayDeque<Integer>>> queues = new ArrayList<>();
    private Guest guest;
    private EventChannels events;
    private EventChannels dom0;
    private FifoGuest fifo;
    private int taken;
    private int waited;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 20260707})
    void shouldDoWhatTheModelDoes(long seed) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            guest = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 1, VCPUS));
            events = guest.domain().events();
            dom0 = hypervisor.monitor().dom0Events();
            fifo = new FifoGuest(guest).start(1, false);
            for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
                List<ArrayDeque<Integer>> ofVcpu = new ArrayList<>();
                for (int priority = 0; priority < PRIORITIES; priority++) {
                    ofVcpu.add(new ArrayDeque<>());
                }
                queues.add(ofVcpu);
            }
            for (int i = 0; i < ports.length; i++) {
                ports[i] = new Model();
            }
            for (int i = 0; i < PORTS; i++) {
                open();
            }
            Random random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                step(random);
                assertSame(i);
            }
            for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
                drain(vcpu);
            }
            for (int port = 1; port < ports.length; port++) {
                boolean lost = ports[port].remote != 0 && ports[port].pending && !ports[port].masked;
                assertThat(lost).as("the event on port %d is lost", port).isFalse();
            }
            assertThat(taken).isGreaterThan(1000);
            assertThat(waited).isPositive();
        }
    }

    private void step(Random random) {
        int port = 1 + random.nextInt(PORTS);
        Model model = ports[port];
        int vcpu = random.nextInt(VCPUS);
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3, 4, 5 -> {
                if (model.remote != 0) {
                    dom0.send(model.remote);
                    raise(port);
                }
            }
            case 6 -> {
                fifo.mask(port);
                model.masked = true;
            }
            case 7, 8 -> {
                fifo.unmask(port);
                model.masked = false;
                if (model.pending && model.remote != 0) {
                    raise(port);
                }
            }
            case 9 -> {
                if (model.remote != 0) {
                    int priority = random.nextInt(PRIORITIES);
                    assertThat(events.setPriority(port, priority)).isZero();
                    model.priority = priority;
                }
            }
            case 10 -> {
                if (model.remote != 0) {
                    assertThat(events.bindVcpu(port, vcpu)).isZero();
                    model.vcpu = vcpu;
                }
            }
            case 11 -> close(port);
            case 12 -> open();
            case 13, 14 -> takeOne(vcpu);
            default -> drain(vcpu);
        }
    }

    private void raise(int port) {
        Model model = ports[port];
        model.pending = true;
        if (!model.masked && !model.linked) {
            model.linked = true;
            queues.get(model.vcpu).get(model.priority).add(port);
        }
    }

    private void close(int port) {
        Model model = ports[port];
        if (model.remote == 0) {
            return;
        }
        assertThat(events.close(port)).isZero();
        assertThat(dom0.close(model.remote)).isZero();
        model.remote = 0;
        model.pending = false;
    }

    /** The lowest port that is closed, and in no queue any more, is opened. */
    private void open() {
        int port = 1;
        while (ports[port].remote != 0 || ports[port].linked) {
            waited += ports[port].remote == 0 ? 1 : 0;
            port++;
        }
        if (port > PORTS) {
            return;
        }
        assertThat(events.allocUnbound(0)).isEqualTo(port);
        Model model = ports[port];
        model.remote = dom0.bindInterdomain(guest.domid(), port);
        assertThat(model.remote).isPositive();
        model.pending = false;
        model.priority = 7;
        model.vcpu = 0;
    }

    private boolean takeOne(int vcpu) {
        int port = fifo.next(vcpu);
        int expected = 0;
        for (ArrayDeque<Integer> queue : queues.get(vcpu)) {
            if (!queue.isEmpty()) {
                expected = queue.remove();
                break;
            }
        }
        assertThat(port).isEqualTo(expected);
        if (port == 0) {
            return false;
        }
        Model model = ports[port];
        model.linked = false;
        boolean counts = model.pending && !model.masked;
        assertThat(fifo.takes(port)).isEqualTo(counts);
        if (counts) {
            model.pending = false;
            taken++;
        }
        return true;
    }

    private void drain(int vcpu) {
        guest.takeUpcall(vcpu);
        while (takeOne(vcpu)) {
            // Until there is none.
        }
    }

    private void assertSame(int step) {
        for (int port = 1; port <= PORTS; port++) {
            int word = fifo.word(port);
            Model model = ports[port];
            assertThat((word & FifoGuest.PENDING) != 0)
                    .as("pending: port %d, step %d", port, step)
                    .isEqualTo(model.pending);
            assertThat((word & FifoGuest.MASKED) != 0)
                    .as("masked: port %d, step %d", port, step)
                    .isEqualTo(model.masked);
            assertThat((word & FifoGuest.LINKED) != 0)
                    .as("linked: port %d, step %d", port, step)
                    .isEqualTo(model.linked);
            assertThat(word & FifoGuest.BUSY).isZero();
        }
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            int ready = 0;
            for (int priority = 0; priority < PRIORITIES; priority++) {
                ready |= queues.get(vcpu).get(priority).isEmpty() ? 0 : 1 << priority;
            }
            assertThat(fifo.readyBits(vcpu)).as("vCPU %d, step %d", vcpu, step).isEqualTo(ready);
            assertThat(guest.isUpcallPending(vcpu) || !fifo.isAnnounced(vcpu))
                    .as("vCPU %d has been told, step %d", vcpu, step)
                    .isTrue();
        }
    }

    /** What a guest sees of the same events by either ABI differs in the order only. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void shouldDeliverTheSameByBothAbis(long seed) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest plain = hypervisor.guest();
            Guest queued = hypervisor.guest();
            dom0 = hypervisor.monitor().dom0Events();
            fifo = new FifoGuest(queued).start(1, false);
            int[] toPlain = new int[PORTS + 1];
            int[] toQueued = new int[PORTS + 1];
            for (int i = 1; i <= PORTS; i++) {
                toPlain[i] = dom0.bindInterdomain(
                        plain.domid(), plain.domain().events().allocUnbound(0));
                toQueued[i] = dom0.bindInterdomain(
                        queued.domid(), queued.domain().events().allocUnbound(0));
            }
            Random random = new Random(seed);
            int delivered = 0;
            for (int i = 0; i < STEPS; i++) {
                int port = 1 + random.nextInt(PORTS);
                switch (random.nextInt(8)) {
                    case 0 -> {
                        SharedInfo.testAndSetMaskVolatile(plain.sharedInfo(), 0, port);
                        fifo.mask(port);
                    }
                    case 1, 2 -> {
                        plain.domain().events().unmask(port);
                        fifo.unmask(port);
                    }
                    case 3 -> {
                        List<Integer> expected = plain.takeEvents();
                        delivered += expected.size();
                        assertThat(new TreeSet<>(fifo.take(0))).as("step %d", i).isEqualTo(new TreeSet<>(expected));
                    }
                    default -> {
                        dom0.send(toPlain[port]);
                        dom0.send(toQueued[port]);
                    }
                }
            }
            assertThat(delivered).isGreaterThan(1000);
        }
    }
}
