// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.evtchn.PortState.Interdomain;
import io.splitvisor.monitor.evtchn.PortState.Unbound;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventChannelsTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest a = hypervisor.guest();
    private final Guest b = hypervisor.guest();
    private final EventChannels aEvents = a.domain().events();
    private final EventChannels bEvents = b.domain().events();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private int[] connect() {
        int offered = aEvents.allocUnbound(b.domid());
        int bound = bEvents.bindInterdomain(a.domid(), offered);
        b.takeEvents();
        return new int[] {offered, bound};
    }

    @Test
    void shouldDeliverBothWaysAndOnlyThere() {
        Guest c = hypervisor.guest();
        int[] ports = connect();
        assertThat(aEvents.send(ports[0])).isZero();
        assertThat(b.takeEvents()).containsExactly(ports[1]);
        assertThat(a.isUpcallPending()).isFalse();
        assertThat(bEvents.send(ports[1])).isZero();
        assertThat(a.takeEvents()).containsExactly(ports[0]);
        assertThat(b.isUpcallPending()).isFalse();
        assertThat(c.isUpcallPending()).isFalse();
    }

    @Test
    void shouldRaiseTheLocalPortOnBindingBecauseAnEventMayHaveComeBefore() {
        int offered = aEvents.allocUnbound(b.domid());
        assertThat(aEvents.send(offered)).isZero();
        int bound = bEvents.bindInterdomain(a.domid(), offered);
        assertThat(b.takeEvents()).containsExactly(bound);
        assertThat(a.isUpcallPending()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 4095, 4096, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void e1_shouldRefuseToSendOnPortsThatAreNotOpen(int port) {
        assertThat(aEvents.send(port)).isEqualTo(-XenErrno.EINVAL);
        assertThat(aEvents.close(port)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e1_shouldDropAnEventOnAnUnboundPort() {
        int port = aEvents.allocUnbound(b.domid());
        assertThat(aEvents.send(port)).isZero();
        assertThat(a.isUpcallPending()).isFalse();
        assertThat(b.isUpcallPending()).isFalse();
    }

    @Test
    void e1_shouldRefuseToSendOnAPortThatWasClosed() {
        int[] ports = connect();
        assertThat(aEvents.close(ports[0])).isZero();
        assertThat(aEvents.send(ports[0])).isEqualTo(-XenErrno.EINVAL);
        // The other end is unbound again: its events are dropped.
        assertThat(bEvents.send(ports[1])).isZero();
        assertThat(a.isUpcallPending()).isFalse();
    }

    @Test
    void e2_shouldAnswerNoSpaceWhenPortsAreExhausted() {
        for (int i = 1; i < SharedInfo.EVTCHN_CHANNELS; i++) {
            assertThat(aEvents.allocUnbound(b.domid())).isEqualTo(i);
        }
        for (int i = 0; i < 10; i++) {
            assertThat(aEvents.allocUnbound(b.domid())).isEqualTo(-XenErrno.ENOSPC);
        }
        int offered = bEvents.allocUnbound(a.domid());
        assertThat(aEvents.bindInterdomain(b.domid(), offered)).isEqualTo(-XenErrno.ENOSPC);
        // The refused bind left the offer as it was.
        assertThat(bEvents.state(offered)).isEqualTo(new Unbound(a.domid()));
        assertThat(aEvents.close(77)).isZero();
        assertThat(aEvents.bindInterdomain(b.domid(), offered)).isEqualTo(77);
        assertThat(aEvents.open()).isEqualTo(SharedInfo.EVTCHN_CHANNELS - 1);
    }

    @Test
    void e3_shouldRefuseToBindWhatIsNotOffered() {
        Guest c = hypervisor.guest();
        int forC = aEvents.allocUnbound(c.domid());
        int[] connected = connect();
        assertThat(bEvents.bindInterdomain(a.domid(), forC)).isEqualTo(-XenErrno.EINVAL);
        assertThat(bEvents.bindInterdomain(a.domid(), connected[0])).isEqualTo(-XenErrno.EINVAL);
        for (int port : new int[] {0, 9, 4095, 4096, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(bEvents.bindInterdomain(a.domid(), port)).isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(bEvents.open()).isEqualTo(1);
        assertThat(c.domain().events().bindInterdomain(a.domid(), forC)).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {999, 32751, DomId.SELF, DomId.IO, DomId.XEN, DomId.IDLE, 65535, -1, Integer.MIN_VALUE})
    void e3_shouldAnswerNoSuchDomain(int domid) {
        assertThat(aEvents.bindInterdomain(domid, 1)).isEqualTo(-XenErrno.ESRCH);
        assertThat(aEvents.open()).isZero();
    }

    @Test
    void e3_shouldRefuseADomainThatIsDyingOrDead() {
        int offered = aEvents.allocUnbound(b.domid());
        aEvents.allocUnbound(b.domid());
        assertThat(aEvents.destroy(1)).isFalse();
        assertThat(bEvents.bindInterdomain(a.domid(), offered)).isEqualTo(-XenErrno.EINVAL);
        assertThat(aEvents.allocUnbound(b.domid())).isEqualTo(-XenErrno.EINVAL);
        int own = bEvents.allocUnbound(a.domid());
        assertThat(aEvents.bindInterdomain(b.domid(), own)).isEqualTo(-XenErrno.EINVAL);
        hypervisor.monitor().destroy(a.domain());
        assertThat(bEvents.bindInterdomain(a.domid(), offered)).isEqualTo(-XenErrno.ESRCH);
    }

    @Test
    void shouldConnectADomainWithItself() {
        int offered = aEvents.allocUnbound(a.domid());
        int bound = aEvents.bindInterdomain(a.domid(), offered);
        a.takeEvents();
        assertThat(aEvents.send(offered)).isZero();
        assertThat(a.takeEvents()).containsExactly(bound);
        assertThat(aEvents.close(bound)).isZero();
        assertThat(aEvents.state(offered)).isEqualTo(new Unbound(a.domid()));
        assertThat(aEvents.close(offered)).isZero();
        assertThat(aEvents.open()).isZero();
    }

    @Test
    void shouldReachDom0() {
        int offered = aEvents.allocUnbound(0);
        int dom0Port = hypervisor.monitor().dom0Events().bindInterdomain(a.domid(), offered);
        assertThat(hypervisor.dom0().raised(dom0Port)).isEqualTo(1);
        aEvents.send(offered);
        assertThat(hypervisor.dom0().raised(dom0Port)).isEqualTo(2);
        hypervisor.monitor().dom0Events().send(dom0Port);
        assertThat(a.takeEvents()).containsExactly(offered);
    }

    @Test
    void shouldOfferThePortAgainToWhoeverClosed() {
        int[] ports = connect();
        assertThat(bEvents.close(ports[1])).isZero();
        assertThat(aEvents.state(ports[0])).isEqualTo(new Unbound(b.domid()));
        int again = bEvents.bindInterdomain(a.domid(), ports[0]);
        assertThat(aEvents.state(ports[0])).isEqualTo(new Interdomain(bEvents, again));
        assertThat(bEvents.state(again).status()).isEqualTo(EventChannelStatus.INTERDOMAIN);
    }

    @Test
    void shouldForgetAnEventWithItsPort() {
        int[] ports = connect();
        bEvents.send(ports[1]);
        assertThat(a.isPending(ports[0])).isTrue();
        aEvents.close(ports[0]);
        assertThat(a.isPending(ports[0])).isFalse();
    }

    @Test
    void shouldOpenAPortWithoutWhatALateSenderLeftOnIt() {
        int port = aEvents.allocUnbound(b.domid());
        aEvents.close(port);
        // A send that had looked the port up before it was closed arrives now; the guest ignores a port it has not.
        SharedInfo.testAndSetPendingVolatile(a.sharedInfo(), 0, port);
        assertThat(aEvents.allocUnbound(b.domid())).isEqualTo(port);
        assertThat(a.isPending(port)).isFalse();
        int bound = bEvents.bindInterdomain(a.domid(), port);
        // With the stale bit left in place, this event would have found it set and told nobody.
        bEvents.send(bound);
        assertThat(a.takeEvents()).containsExactly(port);
    }

    @Test
    void shouldUnmaskAnyPortNumberOfTheAbiAndNoOther() {
        int[] ports = connect();
        SharedInfo.testAndSetMaskVolatile(a.sharedInfo(), 0, ports[0]);
        bEvents.send(ports[1]);
        assertThat(a.isUpcallPending()).isFalse();
        assertThat(aEvents.unmask(ports[0])).isZero();
        assertThat(a.takeEvents()).containsExactly(ports[0]);
        assertThat(aEvents.unmask(63)).isZero();
        assertThat(aEvents.unmask(64)).isEqualTo(-XenErrno.EINVAL);
        assertThat(aEvents.unmask(4096)).isEqualTo(-XenErrno.EINVAL);
        assertThat(aEvents.unmask(-1)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e11_shouldCloseThousandsOfPortsInSlices() {
        int count = 0;
        for (int offered = aEvents.allocUnbound(b.domid()); offered > 0; offered = aEvents.allocUnbound(b.domid())) {
            assertThat(bEvents.bindInterdomain(a.domid(), offered)).isPositive();
            count++;
        }
        assertThat(count).isEqualTo(4095);
        int calls = 1;
        while (!aEvents.destroy(100)) {
            calls++;
            assertThat(aEvents.open()).isEqualTo(Math.max(0, 4095 - 100 * (calls - 1)));
        }
        assertThat(calls).isEqualTo(41);
        assertThat(aEvents.open()).isZero();
        // The other side keeps its ports, unbound.
        assertThat(bEvents.open()).isEqualTo(4095);
        assertThat(bEvents.state(1)).isInstanceOf(Unbound.class);
        assertThat(bEvents.send(1)).isZero();
        assertThat(aEvents.destroy(100)).isTrue();
    }

    @Test
    void e11_shouldLeaveOthersAloneWhileADomainWithManyPortsDies() {
        Guest c = hypervisor.guest(new DomainLayout(8, 1, 1));
        int fromB = bEvents.allocUnbound(c.domid());
        int inC = c.domain().events().bindInterdomain(b.domid(), fromB);
        c.takeEvents();
        for (int i = 0; i < 3000; i++) {
            bEvents.bindInterdomain(a.domid(), aEvents.allocUnbound(b.domid()));
        }
        b.takeEvents();
        hypervisor.monitor().destroy(a.domain());
        bEvents.send(fromB);
        assertThat(c.takeEvents()).containsExactly(inC);
        assertThat(b.isUpcallPending()).isFalse();
    }
}
