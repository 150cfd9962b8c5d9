// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnBindIpi;
import io.splitvisor.abi.evtchn.EvtchnBindPirq;
import io.splitvisor.abi.evtchn.EvtchnBindVcpu;
import io.splitvisor.abi.evtchn.EvtchnBindVirq;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.evtchn.PortState;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventChannelHandlersTest {
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;
    private static final Map<Integer, Integer> SIZES = Arrays.stream(HypercallOp.values())
            .filter(op -> op.number() == Hypercall.EVENT_CHANNEL_OP)
            .collect(Collectors.toMap(HypercallOp::command, op -> op.argument().size()));

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest a = hypervisor.guest();
    private final Guest b = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long call(Guest guest, int command, long at) {
        long[] arguments = {command, at, 0, 0, 0, 0};
        return hypervisor.call(guest, Hypercall.EVENT_CHANNEL_OP, arguments);
    }

    private long alloc(Guest guest, int dom, int remoteDom) {
        EvtchnAllocUnbound.dom(guest.memory(), 0, dom);
        EvtchnAllocUnbound.remoteDom(guest.memory(), 0, remoteDom);
        EvtchnAllocUnbound.port(guest.memory(), 0, -7);
        return call(guest, EventChannelOp.ALLOC_UNBOUND, 0);
    }

    private long bind(Guest guest, int remoteDom, int remotePort) {
        EvtchnBindInterdomain.remoteDom(guest.memory(), 0, remoteDom);
        EvtchnBindInterdomain.remotePort(guest.memory(), 0, remotePort);
        EvtchnBindInterdomain.localPort(guest.memory(), 0, -7);
        return call(guest, EventChannelOp.BIND_INTERDOMAIN, 0);
    }

    private long status(Guest guest, int dom, int port) {
        EvtchnStatus.dom(guest.memory(), 0, dom);
        EvtchnStatus.port(guest.memory(), 0, port);
        EvtchnStatus.status(guest.memory(), 0, 99);
        return call(guest, EventChannelOp.STATUS, 0);
    }

    @Test
    void shouldAllocateBindSendCloseAndTellTheStatus() {
        assertThat(alloc(a, DomId.SELF, b.domid())).isZero();
        int offered = EvtchnAllocUnbound.port(a.memory(), 0);
        assertThat(status(a, DomId.SELF, offered)).isZero();
        assertThat(EvtchnStatus.status(a.memory(), 0)).isEqualTo(EventChannelStatus.UNBOUND);
        assertThat(EvtchnStatus.unboundDom(a.memory(), 0)).isEqualTo(b.domid());

        assertThat(bind(b, a.domid(), offered)).isZero();
        int bound = EvtchnBindInterdomain.localPort(b.memory(), 0);
        b.takeEvents();
        assertThat(status(a, a.domid(), offered)).isZero();
        assertThat(EvtchnStatus.status(a.memory(), 0)).isEqualTo(EventChannelStatus.INTERDOMAIN);
        assertThat(EvtchnStatus.interdomainDom(a.memory(), 0)).isEqualTo(b.domid());
        assertThat(EvtchnStatus.interdomainPort(a.memory(), 0)).isEqualTo(bound);
        assertThat(EvtchnStatus.vcpu(a.memory(), 0)).isZero();

        EvtchnSend.port(a.memory(), 0, offered);
        assertThat(call(a, EventChannelOp.SEND, 0)).isZero();
        assertThat(b.takeEvents()).containsExactly(bound);

        SharedInfo.testAndSetMaskVolatile(b.sharedInfo(), 0, bound);
        EvtchnSend.port(a.memory(), 0, offered);
        call(a, EventChannelOp.SEND, 0);
        EvtchnUnmask.port(b.memory(), 0, bound);
        assertThat(call(b, EventChannelOp.UNMASK, 0)).isZero();
        assertThat(b.takeEvents()).containsExactly(bound);

        EvtchnClose.port(b.memory(), 0, bound);
        assertThat(call(b, EventChannelOp.CLOSE, 0)).isZero();
        assertThat(call(b, EventChannelOp.CLOSE, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(status(b, DomId.SELF, bound)).isZero();
        assertThat(EvtchnStatus.status(b.memory(), 0)).isEqualTo(EventChannelStatus.CLOSED);
    }

    @Test
    void shouldBindToItself() {
        assertThat(alloc(a, a.domid(), DomId.SELF)).isZero();
        int offered = EvtchnAllocUnbound.port(a.memory(), 0);
        assertThat(bind(a, DomId.SELF, offered)).isZero();
        assertThat(EvtchnBindInterdomain.localPort(a.memory(), 0)).isPositive();
        a.takeEvents();
    }

    @Test
    void h2_shouldRefuseArgumentsOutsideRam() {
        SIZES.forEach((command, size) -> {
            long[] addresses = {
                RAM - size + 1,
                RAM,
                RAM + DomainLayout.PAGE_SIZE,
                -1,
                -size,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                Long.MAX_VALUE - size + 1,
                1L << 32,
                DomainLayout.bytes(a.domain().memory().layout().sharedInfo())
            };
            for (long address : addresses) {
                assertThat(call(a, command, address))
                        .as("command %d, address %x", command, address)
                        .isEqualTo(-XenErrno.EFAULT);
            }
        });
        assertThat(a.domain().events().open()).isZero();
    }

    @Test
    void h2_shouldAcceptArgumentsAtTheEndOfRamAndUnaligned() {
        SIZES.forEach((command, size) -> {
            for (long address : new long[] {RAM - size, 1, 4095, 4093}) {
                // Every one of them is an argument that the operation can read; port 0 is never valid.
                a.memory().asSlice(address, size).fill((byte) 0);
                if (command != EventChannelOp.ALLOC_UNBOUND) {
                    assertThat(call(a, command, address))
                            .as("command %d, address %x", command, address)
                            .isNotIn((long) -XenErrno.EFAULT, (long) -XenErrno.ESRCH);
                } else {
                    EvtchnAllocUnbound.dom(a.memory(), address, DomId.SELF);
                    assertThat(call(a, command, address)).isZero();
                    assertThat(EvtchnAllocUnbound.port(a.memory(), address)).isPositive();
                }
            }
        });
    }

    @Test
    void h1_shouldRefuseOperationsItDoesNotHaveBeforeLookingAtTheArgument() {
        for (int command = 0; command < 64; command++) {
            if (!SIZES.containsKey(command)) {
                assertThat(call(a, command, -1)).as("command %d", command).isEqualTo(-XenErrno.ENOSYS);
            }
        }
    }

    @Test
    void shouldNotSpeakForOthers() {
        assertThat(alloc(a, b.domid(), a.domid())).isEqualTo(-XenErrno.EPERM);
        assertThat(alloc(a, 0, a.domid())).isEqualTo(-XenErrno.EPERM);
        assertThat(alloc(a, 999, a.domid())).isEqualTo(-XenErrno.ESRCH);
        assertThat(alloc(a, DomId.XEN, a.domid())).isEqualTo(-XenErrno.ESRCH);
        assertThat(EvtchnAllocUnbound.port(a.memory(), 0)).isEqualTo(-7);
        assertThat(status(a, b.domid(), 64)).isEqualTo(-XenErrno.EINVAL);
        assertThat(status(a, b.domid(), 1)).isEqualTo(-XenErrno.EPERM);
        assertThat(status(a, 0, 1)).isEqualTo(-XenErrno.EPERM);
        assertThat(status(a, 999, 1)).isEqualTo(-XenErrno.ESRCH);
        assertThat(status(a, 65535, 1)).isEqualTo(-XenErrno.ESRCH);
        assertThat(EvtchnStatus.status(a.memory(), 0)).isEqualTo(99);
        assertThat(a.domain().events().open()).isZero();
        assertThat(b.domain().events().open()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void e1_shouldRefuseNumbersThatAreNoPorts(int port) {
        assertThat(status(a, DomId.SELF, port)).isEqualTo(-XenErrno.EINVAL);
        EvtchnUnmask.port(a.memory(), 0, port);
        assertThat(call(a, EventChannelOp.UNMASK, 0)).isEqualTo(-XenErrno.EINVAL);
        EvtchnSend.port(a.memory(), 0, port);
        assertThat(call(a, EventChannelOp.SEND, 0)).isEqualTo(-XenErrno.EINVAL);
        EvtchnClose.port(a.memory(), 0, port);
        assertThat(call(a, EventChannelOp.CLOSE, 0)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void e1_shouldCallPortZeroClosed() {
        assertThat(status(a, DomId.SELF, 0)).isZero();
        assertThat(EvtchnStatus.status(a.memory(), 0)).isEqualTo(EventChannelStatus.CLOSED);
    }

    @Test
    void e2_shouldPassExhaustionOnAndWriteNoPort() {
        for (int i = 1; i < SharedInfo.EVTCHN_CHANNELS; i++) {
            assertThat(alloc(a, DomId.SELF, 0)).isZero();
        }
        assertThat(alloc(a, DomId.SELF, 0)).isEqualTo(-XenErrno.ENOSPC);
        assertThat(EvtchnAllocUnbound.port(a.memory(), 0)).isEqualTo(-7);
        b.domain().events().allocUnbound(a.domid());
        assertThat(bind(a, b.domid(), 1)).isEqualTo(-XenErrno.ENOSPC);
        assertThat(EvtchnBindInterdomain.localPort(a.memory(), 0)).isEqualTo(-7);
    }

    @Test
    void e3_shouldPassTheRefusalToBindOn() {
        assertThat(bind(a, b.domid(), 1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(bind(a, 999, 1)).isEqualTo(-XenErrno.ESRCH);
        assertThat(bind(a, 0, 1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(EvtchnBindInterdomain.localPort(a.memory(), 0)).isEqualTo(-7);
    }

    @Test
    void shouldTellTheStateAndTheVcpuOfEveryKindOfPort() {
        Guest smp = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 1, 4));
        EvtchnBindVirq.virq(smp.memory(), 0, Virq.TIMER);
        EvtchnBindVirq.vcpu(smp.memory(), 0, 3);
        assertThat(call(smp, EventChannelOp.BIND_VIRQ, 0)).isZero();
        int timer = EvtchnBindVirq.port(smp.memory(), 0);
        assertThat(call(smp, EventChannelOp.BIND_VIRQ, 0)).isEqualTo(-XenErrno.EEXIST);
        assertThat(status(smp, DomId.SELF, timer)).isZero();
        assertThat(EvtchnStatus.status(smp.memory(), 0)).isEqualTo(EventChannelStatus.VIRQ);
        assertThat(EvtchnStatus.virq(smp.memory(), 0)).isEqualTo(Virq.TIMER);
        assertThat(EvtchnStatus.vcpu(smp.memory(), 0)).isEqualTo(3);

        EvtchnBindIpi.vcpu(smp.memory(), 0, 2);
        assertThat(call(smp, EventChannelOp.BIND_IPI, 0)).isZero();
        int ipi = EvtchnBindIpi.port(smp.memory(), 0);
        assertThat(status(smp, DomId.SELF, ipi)).isZero();
        assertThat(EvtchnStatus.status(smp.memory(), 0)).isEqualTo(EventChannelStatus.IPI);
        assertThat(EvtchnStatus.vcpu(smp.memory(), 0)).isEqualTo(2);
        EvtchnSend.port(smp.memory(), 0, ipi);
        assertThat(call(smp, EventChannelOp.SEND, 0)).isZero();
        assertThat(smp.takeEvents(2)).containsExactly(ipi);

        assertThat(alloc(smp, DomId.SELF, 0)).isZero();
        int offered = EvtchnAllocUnbound.port(smp.memory(), 0);
        EvtchnBindVcpu.port(smp.memory(), 0, offered);
        EvtchnBindVcpu.vcpu(smp.memory(), 0, 1);
        assertThat(call(smp, EventChannelOp.BIND_VCPU, 0)).isZero();
        assertThat(status(smp, DomId.SELF, offered)).isZero();
        assertThat(EvtchnStatus.status(smp.memory(), 0)).isEqualTo(EventChannelStatus.UNBOUND);
        assertThat(EvtchnStatus.vcpu(smp.memory(), 0)).isEqualTo(1);

        EvtchnBindPirq.pirq(smp.memory(), 0, 4);
        assertThat(call(smp, EventChannelOp.BIND_PIRQ, 0)).isEqualTo(-XenErrno.EPERM);
    }

    @Test
    void shouldLetAPrivilegedDomainSpeakForOthers() {
        HypercallContext dom0 = new HypercallContext(hypervisor.privileged(), 0);
        MemorySegment memory = dom0.caller().memory().segment();
        EvtchnAllocUnbound.dom(memory, 0, a.domid());
        EvtchnAllocUnbound.remoteDom(memory, 0, b.domid());
        assertThat(hypervisor.table().run(dom0, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND, 0))
                .isZero();
        int port = EvtchnAllocUnbound.port(memory, 0);
        assertThat(a.domain().events().state(port)).isEqualTo(new PortState.Unbound(b.domid()));
        EvtchnStatus.dom(memory, 0, a.domid());
        EvtchnStatus.port(memory, 0, port);
        assertThat(hypervisor.table().run(dom0, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.STATUS, 0))
                .isZero();
        assertThat(EvtchnStatus.unboundDom(memory, 0)).isEqualTo(b.domid());
        EvtchnStatus.dom(memory, 0, 999);
        assertThat(hypervisor.table().run(dom0, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.STATUS, 0))
                .isEqualTo(-XenErrno.ESRCH);
    }

    @Test
    void e11_shouldRefuseADyingCaller() {
        a.domain().events().destroy(1);
        assertThat(alloc(a, DomId.SELF, b.domid())).isEqualTo(-XenErrno.EINVAL);
        int offered = b.domain().events().allocUnbound(a.domid());
        assertThat(bind(a, b.domid(), offered)).isEqualTo(-XenErrno.EINVAL);
    }
}
