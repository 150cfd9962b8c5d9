// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The two-level ABI against a model that knows only what the ABI promises: the bits of a sequence of operations, and that an
 * event which nobody masks is always found by the next upcall.
 */
class TwoLevelDeliveryPropertyTest {
    private static final int STEPS = 5_000;

    private final BitSet pending = new BitSet();
    private final BitSet masked = new BitSet();
    private final BitSet selected = new BitSet();
    private boolean upcall;
    private boolean asleep;
    private boolean rung;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 20260101})
    void shouldDoWhatTheModelDoes(long seed) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            TwoLevelDelivery delivery =
                    new TwoLevelDelivery(guest.sharedInfo(), guest.domain().vcpu(0));
            Random random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                // Few ports, in few words, so that operations meet.
                int port = random.nextInt(8) * 577 % SharedInfo.EVTCHN_CHANNELS + random.nextInt(2);
                switch (random.nextInt(12)) {
                    case 0, 1, 2, 3 -> raise(delivery, port);
                    case 4, 5 -> unmask(delivery, port);
                    case 6 -> clear(delivery, port);
                    case 7, 8 -> mask(guest.sharedInfo(), port);
                    case 9 -> sleep(guest);
                    default -> takeEvents(guest);
                }
                assertSame(guest, i);
            }
        }
    }

    private void raise(TwoLevelDelivery delivery, int port) {
        delivery.raise(new Port(port));
        if (!pending.get(port)) {
            pending.set(port);
            if (!masked.get(port)) {
                select(port);
            }
        }
    }

    private void unmask(TwoLevelDelivery delivery, int port) {
        delivery.unmask(new Port(port));
        if (masked.get(port)) {
            masked.clear(port);
            if (pending.get(port)) {
                select(port);
            }
        }
    }

    private void clear(TwoLevelDelivery delivery, int port) {
        delivery.clear(new Port(port));
        pending.clear(port);
    }

    private void mask(MemorySegment sharedInfo, int port) {
        SharedInfo.testAndSetMaskVolatile(sharedInfo, 0, port);
        masked.set(port);
    }

    private void select(int port) {
        if (!selected.get(port / Long.SIZE)) {
            selected.set(port / Long.SIZE);
            if (!upcall) {
                upcall = true;
                rung |= asleep;
                asleep = false;
            }
        }
    }

    private void sleep(Guest guest) {
        guest.memory().set(ValueLayout.JAVA_INT, asleepWord(guest), 1);
        asleep = true;
    }

    private void takeEvents(Guest guest) {
        List<Integer> expected = new ArrayList<>();
        for (int port = pending.nextSetBit(0); port >= 0; port = pending.nextSetBit(port + 1)) {
            if (selected.get(port / Long.SIZE) && !masked.get(port)) {
                expected.add(port);
            }
        }
        assertThat(guest.takeEvents()).isEqualTo(expected);
        expected.forEach(pending::clear);
        selected.clear();
        upcall = false;
        // Nothing unmasked is left behind: no event is lost.
        for (int port = pending.nextSetBit(0); port >= 0; port = pending.nextSetBit(port + 1)) {
            assertThat(masked.get(port))
                    .as("port %d is pending and nobody will look", port)
                    .isTrue();
        }
    }

    private static long asleepWord(Guest guest) {
        DomainLayout layout = guest.domain().memory().layout();
        return DomainLayout.bytes(layout.vcpuControl(0)) + DomainLayout.VCPU_ASLEEP;
    }

    private void assertSame(Guest guest, int step) {
        MemorySegment info = guest.sharedInfo();
        for (int word = 0; word < SharedInfo.EVTCHN_WORDS; word++) {
            assertThat(SharedInfo.pendingWordAcquire(info, 0, word))
                    .as("pending word %d at step %d", word, step)
                    .isEqualTo(word(pending, word));
            assertThat(SharedInfo.maskWordAcquire(info, 0, word))
                    .as("mask word %d at step %d", word, step)
                    .isEqualTo(word(masked, word));
        }
        assertThat(VcpuInfo.pendingSelAcquire(info, 0)).isEqualTo(word(selected, 0));
        assertThat(VcpuInfo.isUpcallPendingAcquire(info, 0)).isEqualTo(upcall);
        assertThat(guest.memory().get(ValueLayout.JAVA_INT, asleepWord(guest))).isEqualTo(asleep ? 1 : 0);
        assertThat(guest.domain().bellToGuest().drain())
                .as("bell at step %d", step)
                .isEqualTo(rung);
        rung = false;
    }

    private static long word(BitSet bits, int word) {
        long[] words = bits.get(word * Long.SIZE, (word + 1) * Long.SIZE).toLongArray();
        return words.length == 0 ? 0 : words[0];
    }
}
