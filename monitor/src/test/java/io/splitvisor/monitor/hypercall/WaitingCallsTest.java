// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedPoll;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.ManualTime;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code SCHEDOP_block} and {@code SCHEDOP_poll}, through a ring. */
class WaitingCallsTest {
    private static final long VERSION = 4 << 16 | 17;
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;
    private static final long PORTS = 1024;
    private static final long SECOND = 1_000_000_000;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
    private final AtomicInteger wakes = new AtomicInteger();

    /** Two ports, masked as polled ports are, with their other ends in Dom0. */
    private int port;

    private int other;
    private int dom0Port;
    private int dom0Other;

    @BeforeEach
    void connect() {
        guest.domain().vcpu(0).onWake(wakes::incrementAndGet);
        port = guest.domain().events().allocUnbound(0);
        other = guest.domain().events().allocUnbound(0);
        dom0Port = hypervisor.monitor().dom0Events().bindInterdomain(guest.domid(), port);
        dom0Other = hypervisor.monitor().dom0Events().bindInterdomain(guest.domid(), other);
        guest.takeEvents();
    }

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void mask(boolean masked) {
        for (int each : new int[] {port, other}) {
            if (masked) {
                SharedInfo.testAndSetMaskVolatile(guest.sharedInfo(), 0, each);
            }
        }
    }

    private void stagePoll(int count, long timeout, int... ports) {
        for (int i = 0; i < ports.length; i++) {
            guest.memory().set(ValueLayout.JAVA_INT, PORTS + 4L * i, ports[i]);
        }
        SchedPoll.ports(guest.memory(), 0, PORTS);
        SchedPoll.nrPorts(guest.memory(), 0, count);
        SchedPoll.timeout(guest.memory(), 0, timeout);
        guest.stage(Hypercall.SCHED_OP, SchedOp.POLL, 0);
    }

    private void serve() {
        guest.push();
        for (int moved = ring.serve(); moved > 0; moved = ring.serve()) {
            assertThat(moved).isLessThanOrEqualTo(32);
        }
    }

    private void shouldWait() {
        serve();
        assertThat(guest.results()).isEmpty();
        assertThat(ring.arm()).as("nothing to do until it is woken").isFalse();
        assertThat(guest.domain().scheduling(0).runstates().state()).isEqualTo(Runstate.BLOCKED);
    }

    private void shouldGoOn(Long... results) {
        assertThat(wakes.getAndSet(0)).isPositive();
        serve();
        assertThat(guest.results()).containsExactly(results);
        assertThat(guest.domain().scheduling(0).runstates().state()).isEqualTo(Runstate.RUNNING);
    }

    @Test
    void shouldBlockUntilAnUpcallAndKeepLaterCallsWaiting() {
        VcpuInfo.upcallMaskVolatile(guest.sharedInfo(), 0, true);
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
        guest.stage(Hypercall.SCHED_OP, SchedOp.BLOCK, -1);
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
        serve();
        assertThat(guest.results()).as("what came before").containsExactly(VERSION);
        assertThat(VcpuInfo.isUpcallMaskedAcquire(guest.sharedInfo(), 0))
                .as("block unmasks")
                .isFalse();
        shouldWait();

        hypervisor.monitor().dom0Events().send(dom0Port);
        shouldGoOn(0L, VERSION);
        assertThat(guest.takeEvents()).containsExactly(port);
    }

    @Test
    void shouldNotBlockWhenAnUpcallIsDue() {
        hypervisor.monitor().dom0Events().send(dom0Port);
        guest.stage(Hypercall.SCHED_OP, SchedOp.BLOCK);
        serve();
        assertThat(guest.results()).containsExactly(0L);
        guest.takeEvents();
    }

    @Test
    void shouldBlockThroughEventsOfMaskedPorts() {
        mask(true);
        guest.stage(Hypercall.SCHED_OP, SchedOp.BLOCK);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Port);
        assertThat(wakes).hasValue(0);
        shouldWait();
        guest.domain().events().unmask(port);
        shouldGoOn(0L);
    }

    @Test
    void shouldPollUntilOneOfItsPortsIsPending() {
        mask(true);
        stagePoll(1, 0, port);
        guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Other);
        assertThat(wakes.getAndSet(0)).as("it looks").isEqualTo(1);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Port);
        shouldGoOn(0L, VERSION);
        assertThat(guest.isPending(port)).as("a poll takes nothing away").isTrue();
    }

    @Test
    void shouldNotWaitForWhatIsPendingAlready() {
        mask(true);
        hypervisor.monitor().dom0Events().send(dom0Other);
        stagePoll(2, 0, port, other);
        serve();
        assertThat(guest.results()).containsExactly(0L);
    }

    @Test
    void shouldPollUntilAnUpcall() {
        SharedInfo.testAndSetMaskVolatile(guest.sharedInfo(), 0, port);
        stagePoll(1, 0, port);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Other);
        shouldGoOn(0L);
        stagePoll(1, 0, port);
        serve();
        assertThat(guest.results()).as("the upcall is still due").containsExactly(0L);
        guest.takeEvents();
    }

    @Test
    void shouldPollUntilTheTimeIsOver() {
        mask(true);
        stagePoll(2, ManualTime.START + 2 * SECOND, port, other);
        shouldWait();
        hypervisor.time().advance(SECOND);
        assertThat(wakes).hasValue(0);
        shouldWait();
        hypervisor.time().advance(SECOND);
        shouldGoOn(0L);

        stagePoll(0, 1, port);
        shouldWait();
        hypervisor.time().advance(1);
        shouldGoOn(0L);
        assertThat(hypervisor.time().set()).isZero();
    }

    @Test
    void shouldForgetThePollsTimeWhenItEndsOtherwise() {
        mask(true);
        stagePoll(1, ManualTime.START + 2 * SECOND, port);
        shouldWait();
        assertThat(hypervisor.time().set()).isEqualTo(1);
        hypervisor.monitor().dom0Events().send(dom0Port);
        shouldGoOn(0L);
        assertThat(hypervisor.time().set()).isZero();
    }

    @Test
    void shouldEndAPollWhosePortIsClosed() {
        mask(true);
        stagePoll(1, 0, port);
        shouldWait();
        guest.domain().events().close(port);
        hypervisor.monitor().dom0Events().send(dom0Other);
        shouldGoOn(0L);
    }

    @Test
    void e5_shouldRefuseToPollBadPorts() {
        mask(true);
        for (int bad : new int[] {0, port + 100, SharedInfo.EVTCHN_CHANNELS, -1, Integer.MIN_VALUE}) {
            stagePoll(2, 0, port, bad);
            serve();
            assertThat(guest.results()).as("port %d", bad).containsExactly((long) -XenErrno.EINVAL);
        }
        // What comes first counts, as in Xen.
        hypervisor.monitor().dom0Events().send(dom0Port);
        stagePoll(2, 0, port, -1);
        serve();
        assertThat(guest.results()).containsExactly(0L);
    }

    @ParameterizedTest
    @ValueSource(ints = {129, 4096, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void e5_shouldRefuseToPollMoreThan128Ports(int count) {
        stagePoll(count, 0, port);
        serve();
        assertThat(guest.results()).containsExactly((long) -XenErrno.EINVAL);
    }

    @Test
    void e5_shouldPoll128Ports() {
        mask(true);
        int[] ports = new int[128];
        java.util.Arrays.fill(ports, other);
        ports[127] = port;
        stagePoll(128, 0, ports);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Port);
        shouldGoOn(0L);
    }

    @ParameterizedTest
    @ValueSource(longs = {RAM - 7, RAM, -8, Long.MIN_VALUE, Long.MAX_VALUE - 3})
    void e5_shouldRefuseToPollPortsOutsideRam(long at) {
        stagePoll(2, 0);
        SchedPoll.ports(guest.memory(), 0, at);
        serve();
        assertThat(guest.results()).containsExactly((long) -XenErrno.EFAULT);
    }

    @Test
    void h14_shouldPollThePortsThatItWasAskedFor() {
        mask(true);
        stagePoll(1, 0, port);
        shouldWait();
        guest.memory().set(ValueLayout.JAVA_INT, PORTS, other);
        hypervisor.monitor().dom0Events().send(dom0Other);
        shouldWait();
        hypervisor.monitor().dom0Events().send(dom0Port);
        shouldGoOn(0L);
    }

    @Test
    void shouldNotServeADomainThatEndsWhileItWaits() {
        guest.stage(Hypercall.SCHED_OP, SchedOp.BLOCK);
        shouldWait();
        guest.domain().shutdown(0);
        hypervisor.monitor().dom0Events().send(dom0Port);
        serve();
        assertThat(guest.results()).isEmpty();
        guest.takeEvents();
    }
}
