// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import org.junit.jupiter.api.Test;

class HypercallStatisticsTest {
    private static final int VERSION = HypercallOp.XENVER_VERSION.ordinal();
    private static final int SEND = HypercallOp.EVTCHNOP_SEND.ordinal();

    private long now;
    private long looks;

    private final HypercallStatistics statistics = new HypercallStatistics(() -> {
        looks++;
        return now;
    });

    private void emptyTurns(int count) {
        for (int i = 0; i < count; i++) {
            statistics.turn(1);
        }
    }

    @Test
    void shouldTimeEveryCallOfTheFirstTurns() {
        for (int turn = 1; turn <= HypercallStatistics.TURNS_PER_TIMED_TURN; turn++) {
            statistics.turn(1);
            now += turn;
            statistics.served(SEND, 0);
        }
        statistics.turn(1);
        statistics.served(SEND, 0);
        assertThat(statistics.latency(SEND).total()).isEqualTo(HypercallStatistics.TURNS_PER_TIMED_TURN);
        assertThat(statistics.latency(SEND).percentile(0.5)).isBetween(32L, 36L);
    }

    @Test
    void shouldTimeEveryCallOfOneTurnInSixtyFourLater() {
        emptyTurns(HypercallStatistics.TURNS_PER_TIMED_TURN);
        looks = 0;
        for (int turn = 1; turn < HypercallStatistics.TURNS_PER_TIMED_TURN; turn++) {
            statistics.turn(1);
            now += 500;
            statistics.served(VERSION, 0);
        }
        assertThat(looks).isZero();
        assertThat(statistics.latency(VERSION)).isNull();
        statistics.turn(2);
        now += 7;
        statistics.served(VERSION, 0);
        now += 5;
        statistics.served(SEND, -22);
        assertThat(statistics.latency(VERSION).max()).isEqualTo(7);
        assertThat(statistics.latency(SEND).max()).isEqualTo(5);
        assertThat(statistics.latency(SEND).total()).isOne();
        assertThat(statistics.calls(VERSION)).isEqualTo(HypercallStatistics.TURNS_PER_TIMED_TURN);
        assertThat(statistics.errors(SEND)).isOne();
        assertThat(looks).isEqualTo(3);
    }

    @Test
    void shouldTimeEveryCallThatDidNotEndInItsFirstSlice() {
        emptyTurns(HypercallStatistics.TURNS_PER_TIMED_TURN);
        statistics.turn(3);
        now = 100;
        statistics.preempted();
        now = 400;
        statistics.turn(2);
        statistics.preempted();
        now = 1000;
        statistics.turn(2);
        statistics.served(SEND, 0);
        statistics.served(VERSION, 0);
        assertThat(statistics.latency(SEND).max()).isEqualTo(900);
        assertThat(statistics.latency(VERSION)).isNull();
        assertThat(statistics.preemptions()).isOne();
    }

    @Test
    void shouldTimeTheFirstSliceTooInATimedTurn() {
        emptyTurns(2 * HypercallStatistics.TURNS_PER_TIMED_TURN - 1);
        now = 100;
        statistics.turn(1);
        now = 130;
        statistics.preempted();
        now = 150;
        statistics.turn(0);
        statistics.served(SEND, 0);
        assertThat(statistics.latency(SEND).max()).isEqualTo(50);
    }

    @Test
    void shouldCountBatchesByPowersOfTwo() {
        for (int found = 0; found <= 128; found++) {
            statistics.turn(found);
        }
        int size = 1;
        assertThat(statistics.batches(0)).isEqualTo(1);
        for (int i = 1; i < HypercallStatistics.BATCH_SIZES; i++, size *= 2) {
            assertThat(statistics.batches(i)).isEqualTo(size);
        }
        assertThat(statistics.turns()).isEqualTo(129);
    }

    @Test
    void shouldAddUpTheRingsOfADomain() {
        HypercallStatistics all = new HypercallStatistics();
        statistics.turn(3);
        statistics.served(VERSION, 1);
        statistics.served(SEND, -22);
        statistics.preempted();
        statistics.published();
        all.add(statistics);
        all.add(statistics);
        assertThat(all.total()).isEqualTo(4);
        assertThat(all.calls(VERSION)).isEqualTo(2);
        assertThat(all.errors(SEND)).isEqualTo(2);
        assertThat(all.turns()).isEqualTo(2);
        assertThat(all.publications()).isEqualTo(2);
        assertThat(all.preemptions()).isEqualTo(2);
        assertThat(all.batches(2)).isEqualTo(2);
        assertThat(all.latency(SEND).total()).isEqualTo(2);
    }

    @Test
    void shouldCountWhatARingServes() {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            Guest peer = hypervisor.guest();
            int port = guest.domain().events().allocUnbound(peer.domid());
            peer.domain().events().bindInterdomain(guest.domid(), port);
            long before = peer.domain().eventsReceived();
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            EvtchnSend.port(guest.memory(), 0, port);
            EvtchnSend.port(guest.memory(), 8, 4000);
            guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 0);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 8);
            guest.stage(Hypercall.SCHED_OP, SchedOp.YIELD);
            guest.stage(63, 0);
            guest.push();
            while (ring.serve() > 0) {
                // a yield ends a turn
            }
            HypercallStatistics counted = ring.statistics();
            assertThat(ring.calls()).isEqualTo(5);
            assertThat(counted.calls(VERSION)).isOne();
            assertThat(counted.errors(VERSION)).isZero();
            assertThat(counted.calls(SEND)).isEqualTo(2);
            assertThat(counted.errors(SEND)).isOne();
            assertThat(counted.calls(HypercallStatistics.UNKNOWN)).isOne();
            assertThat(counted.errors(HypercallStatistics.UNKNOWN)).isOne();
            assertThat(counted.turns()).isEqualTo(2);
            assertThat(counted.batches(3)).isOne();
            assertThat(counted.batches(0)).isOne();
            assertThat(peer.domain().eventsReceived()).isEqualTo(before + 1);
        }
    }
}
