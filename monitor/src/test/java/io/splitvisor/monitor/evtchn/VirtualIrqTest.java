// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.evtchn.PortState.Ipi;
import io.splitvisor.monitor.evtchn.PortState.VirtualIrq;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ports that no other domain is at the end of: virtual interrupts and IPIs; and which vCPU takes events. */
class VirtualIrqTest {
    private static final int VCPUS = 3;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 1, VCPUS));
    private final EventChannels events = guest.domain().events();
    private final EventChannels dom0 = hypervisor.monitor().dom0Events();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void nobodyIsCalled() {
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            assertThat(guest.isUpcallPending(vcpu)).as("vCPU %d", vcpu).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Virq.NR_VIRQS, 32, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void e4_shouldRefuseInterruptsThatDoNotExist(int virq) {
        assertThat(events.bindVirq(virq, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.bindVirq(virq, 99)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.open()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {VCPUS, 32, 4096, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void e4_shouldRefuseVcpusThatDoNotExist(int vcpu) {
        assertThat(events.bindVirq(Virq.TIMER, vcpu)).isEqualTo(-XenErrno.ENOENT);
        assertThat(events.bindVirq(Virq.ARGO, vcpu)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.bindIpi(vcpu)).isEqualTo(-XenErrno.ENOENT);
        int port = events.allocUnbound(0);
        assertThat(events.bindVcpu(port, vcpu)).isEqualTo(-XenErrno.ENOENT);
        assertThat(events.bindVcpu(-5, vcpu)).isEqualTo(-XenErrno.ENOENT);
        assertThat(events.port(port).vcpu()).isZero();
        assertThat(events.open()).isEqualTo(1);
    }

    @Test
    void e4_shouldBindEachInterruptOfAVcpuOnce() {
        for (int virq : new int[] {Virq.TIMER, Virq.DEBUG, Virq.XENOPROF, Virq.XENPMU}) {
            for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
                int port = events.bindVirq(virq, vcpu);
                assertThat(port).isPositive();
                assertThat(events.state(port)).isEqualTo(new VirtualIrq(virq));
                assertThat(events.port(port).vcpu()).isEqualTo(vcpu);
                assertThat(events.bindVirq(virq, vcpu)).isEqualTo(-XenErrno.EEXIST);
            }
        }
        assertThat(events.open()).isEqualTo(4 * VCPUS);
    }

    @Test
    void e4_shouldGiveInterruptsOfTheHostToDom0Only() {
        for (int virq : new int[] {Virq.CONSOLE, Virq.DOM_EXC, Virq.CON_RING, Virq.ENOMEM, Virq.ARCH_0, Virq.ARCH_7}) {
            assertThat(events.bindVirq(virq, 0)).isEqualTo(-XenErrno.EBUSY);
            assertThat(events.bindVirq(virq, 1)).isEqualTo(-XenErrno.EINVAL);
            int port = dom0.bindVirq(virq, 0);
            assertThat(port).isPositive();
            dom0.raiseVirq(0, virq);
            assertThat(hypervisor.dom0().raised(port)).isEqualTo(1);
        }
        assertThat(events.open()).isZero();
        // This one tells a domain about its own affairs.
        assertThat(events.bindVirq(Virq.ARGO, 0)).isPositive();
        assertThat(events.bindVirq(Virq.ARGO, 1)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e4_shouldLeaveNothingBoundWhenThereIsNoPortLeft() {
        while (events.allocUnbound(0) > 0) {
            // Until there is none.
        }
        assertThat(events.bindVirq(Virq.TIMER, 1)).isEqualTo(-XenErrno.ENOSPC);
        assertThat(events.bindIpi(1)).isEqualTo(-XenErrno.ENOSPC);
        events.raiseVirq(1, Virq.TIMER);
        nobodyIsCalled();
        assertThat(events.close(7)).isZero();
        assertThat(events.bindVirq(Virq.TIMER, 1)).isEqualTo(7);
        // Nobody else's interrupts or ports have anything to do with it.
        Guest other = hypervisor.guest();
        assertThat(other.domain().events().bindVirq(Virq.TIMER, 0)).isEqualTo(1);
    }

    @Test
    void shouldRaiseAnInterruptOnItsVcpuOnly() {
        int[] ports = new int[VCPUS];
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            ports[vcpu] = events.bindVirq(Virq.TIMER, vcpu);
        }
        events.raiseVirq(1, Virq.TIMER);
        assertThat(guest.isUpcallPending(0)).isFalse();
        assertThat(guest.isUpcallPending(2)).isFalse();
        assertThat(guest.takeEvents(1)).containsExactly(ports[1]);
        events.raiseVirq(2, Virq.TIMER);
        assertThat(guest.takeEvents(2)).containsExactly(ports[2]);
    }

    @Test
    void shouldNotRaiseWhatIsNotBound() {
        events.raiseVirq(0, Virq.TIMER);
        int port = events.bindVirq(Virq.TIMER, 0);
        assertThat(guest.isPending(port)).isFalse();
        assertThat(events.close(port)).isZero();
        events.raiseVirq(0, Virq.TIMER);
        assertThat(guest.isPending(port)).isFalse();
        nobodyIsCalled();
        assertThat(events.bindVirq(Virq.TIMER, 0)).isEqualTo(port);
    }

    @Test
    void shouldHoldAMaskedInterruptUntilItIsUnmasked() {
        int port = events.bindVirq(Virq.TIMER, 2);
        SharedInfo.testAndSetMaskVolatile(guest.sharedInfo(), 0, port);
        events.raiseVirq(2, Virq.TIMER);
        nobodyIsCalled();
        assertThat(events.poll(port)).isEqualTo(1);
        assertThat(events.unmask(port)).isZero();
        assertThat(guest.takeEvents(2)).containsExactly(port);
        assertThat(events.poll(port)).isZero();
    }

    @Test
    void e1_shouldRefuseToSendOnAnInterruptsPort() {
        int port = events.bindVirq(Virq.DEBUG, 0);
        assertThat(events.send(port)).isEqualTo(-XenErrno.EINVAL);
        nobodyIsCalled();
    }

    @Test
    void shouldNotifyAVcpuByItsIpi() {
        int port = events.bindIpi(2);
        assertThat(events.state(port)).isInstanceOf(Ipi.class);
        assertThat(events.send(port)).isZero();
        assertThat(guest.isUpcallPending(0)).isFalse();
        assertThat(guest.takeEvents(2)).containsExactly(port);
        // One vCPU may have several.
        assertThat(events.bindIpi(2)).isNotEqualTo(port).isPositive();
        assertThat(events.close(port)).isZero();
        assertThat(events.send(port)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldMoveAPortToAnotherVcpu() {
        int offered = events.allocUnbound(0);
        assertThat(events.bindVcpu(offered, 2)).isZero();
        int remote = dom0.bindInterdomain(guest.domid(), offered);
        dom0.send(remote);
        assertThat(guest.isUpcallPending(0)).isFalse();
        assertThat(guest.takeEvents(2)).containsExactly(offered);
        assertThat(events.bindVcpu(offered, 1)).isZero();
        dom0.send(remote);
        assertThat(guest.takeEvents(2)).isEmpty();
        assertThat(guest.takeEvents(1)).containsExactly(offered);
        // The other end closed: the port keeps its vCPU. Closed itself, it starts with vCPU 0 again.
        dom0.close(remote);
        assertThat(events.port(offered).vcpu()).isEqualTo(1);
        events.close(offered);
        assertThat(events.allocUnbound(0)).isEqualTo(offered);
        assertThat(events.port(offered).vcpu()).isZero();
    }

    @Test
    void shouldNotMoveWhatBelongsToAVcpu() {
        int ipi = events.bindIpi(1);
        int timer = events.bindVirq(Virq.TIMER, 1);
        int argo = events.bindVirq(Virq.ARGO, 0);
        assertThat(events.bindVcpu(ipi, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.bindVcpu(timer, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.bindVcpu(argo, 2)).isZero();
        events.raiseVirq(0, Virq.ARGO);
        assertThat(guest.takeEvents(2)).containsExactly(argo);
        assertThat(events.close(argo)).isZero();
        assertThat(events.bindVirq(Virq.ARGO, 0)).isEqualTo(argo);
        for (int port : new int[] {0, 40, 64, 4096, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(events.bindVcpu(port, 1)).as("port %d", port).isEqualTo(-XenErrno.EINVAL);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 255})
    void shouldPermitNoPhysicalInterrupt(int pirq) {
        assertThat(events.bindPirq(pirq)).isEqualTo(-XenErrno.EPERM);
        assertThat(events.bindPirq(256 + pirq)).isEqualTo(-XenErrno.EINVAL);
        assertThat(events.bindPirq(-1 - pirq)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e5_shouldTellPollersWhatIsPending() {
        int port = events.bindVirq(Virq.TIMER, 0);
        assertThat(events.poll(port)).isZero();
        events.raiseVirq(0, Virq.TIMER);
        assertThat(events.poll(port)).isEqualTo(1);
        guest.takeEvents();
        for (int bad : new int[] {0, 2, 64, 4096, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(events.poll(bad)).as("port %d", bad).isEqualTo(-XenErrno.EINVAL);
        }
    }
}
