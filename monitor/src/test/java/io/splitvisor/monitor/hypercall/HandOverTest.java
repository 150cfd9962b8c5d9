// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call that is taken from its slot before the ring's index tells of it. */
class HandOverTest {
    private static final long VERSION = 4 << 16 | 17;
    private static final int SLICE = 32;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void stage() {
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
    }

    /** One call by the index, after which the monitor looks for the next one. */
    private void call() {
        stage();
        guest.push();
    }

    @Test
    void shouldTakeACallFromItsSlotAndLetTheIndexFollow() {
        call();
        stage();
        guest.handOver();
        assertThat(ring.serve()).isEqualTo(2);
        assertThat(guest.results()).containsExactly(VERSION, VERSION);
        assertThat(ring.serve()).as("it was taken already").isZero();
        assertThat(ring.arm()).isFalse();
        assertThat(guest.push()).as("nobody needs to be told").isFalse();
        assertThat(ring.serve()).isZero();
        call();
        assertThat(ring.serve()).isOne();
        assertThat(guest.results()).containsExactly(VERSION);
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void shouldWaitForTheIndexWhereTheSlotSaysNothing() {
        call();
        stage();
        assertThat(ring.serve()).isOne();
        assertThat(guest.results()).containsExactly(VERSION);
        guest.push();
        assertThat(ring.serve()).isOne();
    }

    @Test
    void shouldTakeACallOnceThoughItsSlotIsLookedAtAgain() {
        for (int round = 0; round < 3 * 128; round++) {
            stage();
            guest.handOver();
            guest.push();
            assertThat(ring.serve()).isOne();
            assertThat(ring.serve()).isZero();
        }
        assertThat(guest.results()).hasSize(3 * 128).containsOnly(VERSION);
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void shouldFinishACallThatWaitsThoughTheIndexIsBehind() {
        VcpuInfo.upcallMaskVolatile(guest.sharedInfo(), 0, true);
        call();
        guest.stage(Hypercall.SCHED_OP, SchedOp.BLOCK);
        guest.handOver();
        assertThat(ring.serve()).isEqualTo(2);
        assertThat(guest.results()).containsExactly(VERSION);
        assertThat(ring.serve()).as("it waits").isZero();
        guest.domain().vcpu(0).endWait();
        assertThat(ring.serve()).isOne();
        assertThat(guest.results()).containsExactly(0L);
        assertThat(ring.serve()).isZero();
        guest.push();
        assertThat(ring.serve()).isZero();
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void h4_shouldNotTakeWhatIsHandedOverAfterTheDomainStoodStill() {
        call();
        guest.domain().pause(true);
        stage();
        guest.handOver();
        assertThat(ring.serve()).isZero();
        guest.domain().pause(false);
        assertThat(ring.serve()).isEqualTo(2);
    }

    /** All slots say that there is a call, and the index says that there is one: the turn ends, and so does the domain. */
    @Test
    void b1_shouldCrashADomainThatHandsOverMoreThanOneCallAheadOfItsIndex() {
        FrontRing front = guest.ring(0);
        call();
        for (int i = 1; i < front.slots(); i++) {
            stage();
            guest.handOver();
        }
        assertThat(ring.serve()).isEqualTo(SLICE);
        assertThat(hypervisor.endings()).isEmpty();
        assertThat(ring.serve()).isZero();
        assertThat(hypervisor.endings()).singleElement().asString().contains("crashed", "vCPU 0");
        assertThat(ring.arm()).isFalse();
    }

    @Test
    void shouldLeaveAGuestAloneThatNeverPublishesTheLastCall() {
        call();
        stage();
        guest.handOver();
        ring.serve();
        for (int i = 0; i < 1000; i++) {
            assertThat(ring.serve()).isZero();
            assertThat(ring.arm()).isFalse();
        }
        assertThat(hypervisor.endings()).isEmpty();
    }

    /** Two processors: each call is published by its slot first, and by the index a moment later. */
    @ParameterizedTest
    @ValueSource(ints = {0, 20, 200})
    void shouldServeOneCallAfterTheOther(int turnsUntilTheIndexFollows) throws InterruptedException {
        int calls = 5_000;
        FrontRing front = guest.ring(0);
        Thread caller = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < calls; i++) {
                guest.stage(Hypercall.XEN_VERSION, i % 2 == 0 ? XenVersion.VERSION : XenVersion.PAGESIZE);
                guest.handOver();
                for (int turn = 0; turn < turnsUntilTheIndexFollows; turn++) {
                    Thread.onSpinWait();
                }
                front.pushRequests();
                takeAnswer(front, i);
            }
        });
        Turns.serve(ring, calls, SLICE);
        caller.join();
        assertThat(ring.serve()).isZero();
        assertThat(front.rspCons()).as("answered, and right").isEqualTo(calls);
        assertThat(front.unconsumedResponses()).isZero();
        assertThat(hypervisor.endings()).isEmpty();
    }

    private static void takeAnswer(FrontRing front, int call) {
        MemorySegment slot = front.slot(front.rspCons());
        long result = MulticallEntry.resultAcquire(slot, 0);
        while (result == CallMarker.HANDED_OVER) {
            Thread.onSpinWait();
            result = MulticallEntry.resultAcquire(slot, 0);
        }
        if (result == (call % 2 == 0 ? VERSION : 4096)) {
            front.takeResponse();
        }
    }
}
