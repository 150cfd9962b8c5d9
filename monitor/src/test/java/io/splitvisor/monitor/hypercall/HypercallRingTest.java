// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.VcpuOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HypercallRingTest {
    private static final long VERSION = 4 << 16 | 17;
    private static final int SLOTS = 128;
    private static final int SLICE = 32;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void stageVersions(int count) {
        for (int i = 0; i < count; i++) {
            guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
        }
    }

    private MemorySegment ringPages() {
        DomainLayout layout = guest.domain().memory().layout();
        return guest.domain().memory().pages(layout.hypercallRing(0), DomainLayout.HYPERCALL_RING_PAGES);
    }

    private void asleep(boolean asleep) {
        DomainLayout layout = guest.domain().memory().layout();
        long word = DomainLayout.bytes(layout.vcpuControl(0)) + DomainLayout.VCPU_ASLEEP;
        guest.memory().set(ValueLayout.JAVA_INT, word, asleep ? 1 : 0);
    }

    @Test
    void shouldAnswerInOrderAndInPlace() {
        assertThat(guest.ring(0).slots()).isEqualTo(SLOTS);
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
        guest.stage(63);
        guest.stage(Hypercall.XEN_VERSION, XenVersion.PAGESIZE);
        guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, -1);
        assertThat(ring.serve()).isZero();
        guest.push();
        assertThat(ring.serve()).isEqualTo(4);
        assertThat(guest.results()).containsExactly(VERSION, (long) -XenErrno.ENOSYS, 4096L, (long) -XenErrno.EFAULT);
        assertThat(ring.serve()).isZero();
        assertThat(ring.calls()).isEqualTo(4);
    }

    @Test
    void shouldLeaveArgumentsAsTheyWere() {
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION, 2, 3, 4, 5, 6);
        guest.push();
        ring.serve();
        MemorySegment entry = guest.ring(0).takeResponse();
        for (int i = 1; i < MulticallEntry.NR_ARGS; i++) {
            assertThat(MulticallEntry.args(entry, 0, i)).isEqualTo(i + 1);
        }
        assertThat(MulticallEntry.op(entry, 0)).isEqualTo(Hypercall.XEN_VERSION);
    }

    @Test
    void shouldPublishTheResultsUpToAYield() {
        stageVersions(2);
        guest.stage(Hypercall.SCHED_OP, SchedOp.YIELD);
        stageVersions(3);
        guest.push();
        assertThat(ring.serve()).isEqualTo(3);
        assertThat(guest.results()).containsExactly(VERSION, VERSION, 0L);
        assertThat(ring.serve()).isEqualTo(3);
        assertThat(guest.results()).containsOnly(VERSION).hasSize(3);
    }

    @Test
    void h6_shouldServeNoMoreThanASliceAtOnce() {
        stageVersions(SLOTS);
        guest.push();
        for (int slice = 1; slice <= SLOTS / SLICE; slice++) {
            assertThat(ring.serve()).isEqualTo(SLICE);
            assertThat(guest.results()).hasSize(SLICE).containsOnly(VERSION);
        }
        assertThat(ring.serve()).isZero();
    }

    @Test
    void shouldGoOnPastTheEndOfTheRing() {
        List<Long> results = new ArrayList<>();
        int staged = 0;
        for (int batch = 1; staged < 10_000; batch = batch * 7 % 61 + 1) {
            stageVersions(batch);
            staged += batch;
            guest.push();
            while (ring.serve() > 0) {
                results.addAll(guest.results());
            }
        }
        assertThat(results).hasSize(staged).containsOnly(VERSION);
    }

    @Test
    void shouldAskForANotificationOnlyBeforeItIsIdle() {
        stageVersions(1);
        // A fresh ring has req_event 1: the first request is notified.
        assertThat(guest.push()).isTrue();
        ring.serve();
        stageVersions(1);
        assertThat(guest.push()).isFalse();
        assertThat(ring.arm()).isTrue();
        ring.serve();
        assertThat(ring.arm()).isFalse();
        stageVersions(3);
        assertThat(guest.push()).isTrue();
        stageVersions(1);
        assertThat(guest.push()).isFalse();
    }

    @Test
    void shouldRingTheBellOnlyForASleeperThatAsked() {
        asleep(true);
        stageVersions(1);
        guest.push();
        ring.serve();
        assertThat(guest.domain().bellToGuest().drain()).isTrue();
        assertThat(guest.results()).hasSize(1);

        // Asleep, but it did not ask for the next response: it expects no answer.
        asleep(true);
        stageVersions(1);
        guest.push();
        ring.serve();
        assertThat(guest.domain().bellToGuest().drain()).isFalse();
        assertThat(guest.results()).hasSize(1);

        // It asked, but it is awake.
        asleep(false);
        assertThat(guest.ring(0).finalCheckForResponses()).isZero();
        stageVersions(1);
        guest.push();
        ring.serve();
        assertThat(guest.domain().bellToGuest().drain()).isFalse();
        assertThat(guest.results()).hasSize(1);
    }

    @Test
    void shouldRingOnceForABatch() {
        asleep(true);
        stageVersions(SLICE);
        guest.push();
        ring.serve();
        assertThat(guest.domain().bellToGuest().drain()).isTrue();
        assertThat(guest.domain().bellToGuest().drain()).isFalse();
        assertThat(guest.results()).hasSize(SLICE);
    }

    @ParameterizedTest
    @ValueSource(ints = {SLOTS + 1, 1000, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -SLOTS})
    void b1_shouldCrashADomainWhoseRingOverflowsAndThenStandStill(int producer) {
        stageVersions(1);
        guest.push();
        ringPages().set(ValueLayout.JAVA_INT, 0, producer);
        assertThat(ring.serve()).isZero();
        assertThat(hypervisor.endings()).hasSize(1);
        assertThat(hypervisor.endings().getFirst()).contains("crashed", "vCPU 0", "more requests than slots");
        // Its loop must be able to forget about it, whatever is in the ring.
        assertThat(ring.arm()).isFalse();
        assertThat(ring.serve()).isZero();
        ringPages().set(ValueLayout.JAVA_INT, 0, 1);
        assertThat(ring.serve()).isZero();
        assertThat(guest.results()).isEmpty();
        assertThat(hypervisor.endings()).hasSize(1);
    }

    @Test
    void shouldAcceptExactlyAsManyAsThereAreSlots() {
        stageVersions(SLOTS);
        guest.push();
        int served = 0;
        for (int moved = ring.serve(); moved > 0; moved = ring.serve()) {
            served += moved;
        }
        assertThat(served).isEqualTo(SLOTS);
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void shouldServeAGuestThatNeverReadsItsResults() {
        // The indices say that it is done with them: what it does not read is lost, and nobody waits.
        FrontRing front = guest.ring(0);
        for (int i = 0; i < 1000; i++) {
            stageVersions(1);
            guest.push();
            assertThat(ring.serve()).isEqualTo(1);
        }
        assertThat(front.unconsumedResponses()).isEqualTo(1000);
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void shouldStandStillWhileItIsPaused() {
        stageVersions(3);
        guest.push();
        guest.domain().pause(true);
        assertThat(ring.serve()).isZero();
        assertThat(ring.arm()).isFalse();
        assertThat(guest.results()).isEmpty();
        guest.domain().pause(false);
        assertThat(ring.serve()).isEqualTo(3);
        assertThat(guest.results()).hasSize(3);
    }

    @Test
    void shouldNotArmWhatIsPaused() {
        stageVersions(1);
        guest.push();
        ring.serve();
        guest.results();
        guest.domain().pause(true);
        assertThat(ring.arm()).isFalse();
        // Nobody would serve it: whoever unpauses wakes the ring anyway.
        stageVersions(1);
        assertThat(guest.push()).isFalse();
        guest.domain().pause(false);
        assertThat(ring.serve()).isEqualTo(1);
    }

    @Test
    void h4_shouldNotExecuteWhatFollowsAShutdownInTheSameBatch() {
        int offered = guest.domain().events().allocUnbound(0);
        int dom0Port = hypervisor.monitor().dom0Events().bindInterdomain(guest.domid(), offered);
        int before = hypervisor.dom0().raised(dom0Port);
        SchedShutdown.reason(guest.memory(), 0, 0);
        EvtchnSend.port(guest.memory(), 64, offered);
        guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 64);
        guest.stage(Hypercall.SCHED_OP, SchedOp.SHUTDOWN, 0);
        guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 64);
        guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 64);
        guest.push();
        assertThat(ring.serve()).isEqualTo(2);
        assertThat(hypervisor.dom0().raised(dom0Port)).isEqualTo(before + 1);
        assertThat(guest.results()).containsExactly(0L, 0L);
        assertThat(ring.serve()).isZero();
        assertThat(ring.arm()).isFalse();
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown 0");
    }

    /** Who waits for the result in its slot makes the next call within the same turn; the index is right after each turn. */
    @Test
    void shouldServeOneCallAfterTheOtherAndPublishThemAtTheEndOfTheTurn() throws InterruptedException {
        int calls = 20_000;
        FrontRing front = guest.ring(0);
        Thread caller = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < calls; i++) {
                MemorySegment slot = front.slot(front.reqProdPvt());
                guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
                long unanswered = MulticallEntry.result(slot, 0);
                front.pushRequests();
                while (MulticallEntry.resultAcquire(slot, 0) == unanswered) {
                    Thread.onSpinWait();
                }
                front.takeResponse();
            }
        });
        Turns.serve(ring, calls, SLICE);
        caller.join();
        assertThat(front.unconsumedResponses()).isZero();
        assertThat(ring.calls()).isEqualTo(calls);
        assertThat(ring.statistics().publications()).isLessThanOrEqualTo(calls);
        assertThat(hypervisor.endings()).isEmpty();
    }

    @Test
    void shouldCrashTheDomainOnAFailureOfTheMonitor() {
        ring.failed(new IllegalStateException("broken"));
        assertThat(hypervisor.endings()).singleElement().asString().contains("crashed", "broken", "vCPU 0");
        assertThat(ring.arm()).isFalse();
    }

    @Test
    void shouldServeEachVcpuFromItsOwnRing() {
        Guest two = hypervisor.guest(new DomainLayout(8, 1, 2));
        HypercallRing second = new HypercallRing(two.domain(), 1, hypervisor.table());
        FrontRing front = two.ring(1);
        MulticallEntry.op(front.claimRequest(), 0, Hypercall.XEN_VERSION);
        front.pushRequests();
        assertThat(second.serve()).as("a vCPU that is down makes no calls").isZero();
        assertThat(hypervisor.call(two, Hypercall.VCPU_OP, VcpuOp.INITIALISE, 1, 0))
                .isZero();
        assertThat(hypervisor.call(two, Hypercall.VCPU_OP, VcpuOp.UP, 1, 0)).isZero();
        assertThat(second.serve()).isEqualTo(1);
        assertThat(MulticallEntry.result(front.takeResponse(), 0)).isEqualTo(VERSION);
        assertThat(two.results()).isEmpty();
    }

    @Test
    void h7_shouldReadArgumentsOnceSoThatTheCallSeesOneOfTwoValues() throws InterruptedException {
        // The guest flips the command between a harmless call and none while it is served: results are of one or the
        // other.
        boolean[] stop = new boolean[1];
        Thread flipper = Thread.ofPlatform().start(() -> {
            while (!stopped(stop)) {
                for (int slot = 0; slot < SLOTS; slot++) {
                    long at = 64 + (long) slot * MulticallEntry.SIZE;
                    MulticallEntry.op(ringPages(), at, slot % 2 == 0 ? Hypercall.XEN_VERSION : 60);
                    MulticallEntry.args(ringPages(), at, 0, slot % 3 == 0 ? -1 : XenVersion.PAGESIZE);
                }
            }
        });
        try {
            for (int i = 0; i < 3000; i++) {
                stageVersions(SLICE);
                guest.push();
                ring.serve();
                assertThat(guest.results())
                        .hasSize(SLICE)
                        .allMatch(r -> r == VERSION || r == 4096 || r == -XenErrno.ENOSYS);
            }
        } finally {
            synchronized (stop) {
                stop[0] = true;
            }
            flipper.join();
        }
        assertThat(hypervisor.endings()).isEmpty();
    }

    private static boolean stopped(boolean[] stop) {
        synchronized (stop) {
            return stop[0];
        }
    }
}
