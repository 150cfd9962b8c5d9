// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnReset;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.evtchn.PortState.Unbound;
import io.splitvisor.monitor.hypercall.HypercallContext;
import io.splitvisor.monitor.hypercall.HypercallRing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code EVTCHNOP_reset}. */
class ResetTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final EventChannels events = guest.domain().events();
    private final EventChannels dom0 = hypervisor.monitor().dom0Events();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    @Test
    void e11_shouldCloseEverythingOfItsOwnAndNothingOfOthers() {
        int offered = events.allocUnbound(0);
        int remote = dom0.bindInterdomain(guest.domid(), offered);
        events.bindVirq(Virq.TIMER, 0);
        events.bindIpi(0);
        assertThat(reset(guest, DomId.SELF)).isZero();
        assertThat(events.open()).isZero();
        assertThat(dom0.state(remote)).isEqualTo(new Unbound(guest.domid()));
        // From the beginning.
        assertThat(events.bindVirq(Virq.TIMER, 0)).isEqualTo(1);
        assertThat(reset(guest, guest.domid())).isZero();
        assertThat(reset(guest, DomId.SELF)).isZero();
    }

    private long reset(Guest caller, int domid) {
        EvtchnReset.dom(caller.memory(), 0, domid);
        return hypervisor.call(caller, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.RESET, 0);
    }

    @Test
    void e11_shouldBePreempted() {
        while (events.allocUnbound(0) > 0) {
            // Until there is none.
        }
        HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        EvtchnReset.dom(guest.memory(), 0, DomId.SELF);
        guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.RESET, 0);
        guest.stage(Hypercall.XEN_VERSION, 0);
        guest.push();
        int turns = 0;
        int before = events.open();
        while (guest.results().isEmpty()) {
            ring.serve();
            assertThat(before - events.open()).as("ports closed in a turn").isLessThan(400);
            before = events.open();
            turns++;
        }
        assertThat(turns).isGreaterThan(10);
        assertThat(events.open()).isZero();
    }

    @Test
    void e11_shouldNotSucceedWithPortsOpenedBehindIt() {
        for (int i = 0; i < 100; i++) {
            events.allocUnbound(0);
        }
        assertThat(events.beginReset()).isZero();
        assertThat(events.continueReset(10)).isEqualTo(EventChannels.RESETTING);
        assertThat(events.allocUnbound(0)).isEqualTo(1);
        assertThat(events.continueReset(1000)).isEqualTo(-XenErrno.EAGAIN);
        assertThat(events.open()).isEqualTo(1);
        assertThat(reset(guest, DomId.SELF)).isZero();
        assertThat(events.open()).isZero();
    }

    @Test
    void e6_shouldRefuseASecondResetMeanwhile() {
        for (int i = 0; i < 100; i++) {
            events.allocUnbound(0);
        }
        assertThat(events.beginReset()).isZero();
        assertThat(events.continueReset(10)).isEqualTo(EventChannels.RESETTING);
        assertThat(reset(guest, DomId.SELF)).isEqualTo(-XenErrno.EBUSY);
        assertThat(events.continueReset(100)).isZero();
    }

    @Test
    void shouldResetOthersForAPrivilegedCallerWhileTheyStandStill() {
        Guest other = hypervisor.guest();
        other.domain().events().allocUnbound(0);
        assertThat(reset(guest, other.domid())).isEqualTo(-XenErrno.EPERM);
        assertThat(reset(guest, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(reset(guest, 999)).isEqualTo(-XenErrno.ESRCH);
        HypercallContext dom0Call = new HypercallContext(hypervisor.privileged(), 0);
        EvtchnReset.dom(dom0Call.caller().memory().segment(), 0, other.domid());
        assertThat(hypervisor.table().run(dom0Call, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.RESET, 0))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(other.domain().events().open()).isEqualTo(1);
        other.domain().pause(true);
        assertThat(hypervisor.table().run(dom0Call, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.RESET, 0))
                .isZero();
        assertThat(other.domain().events().open()).isZero();
    }
}
