// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EventChannelStatus;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventChannelHandlersTest {
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;
    private static final Map<Integer, Integer> SIZES = Map.of(
            EventChannelOp.ALLOC_UNBOUND, EvtchnAllocUnbound.SIZE,
            EventChannelOp.BIND_INTERDOMAIN, EvtchnBindInterdomain.SIZE,
            EventChannelOp.CLOSE, EvtchnClose.SIZE,
            EventChannelOp.SEND, EvtchnSend.SIZE,
            EventChannelOp.UNMASK, EvtchnUnmask.SIZE,
            EventChannelOp.STATUS, EvtchnStatus.SIZE);

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
                            .isIn(0L, (long) -XenErrno.EINVAL, (long) -XenErrno.EPERM);
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
    void e11_shouldRefuseADyingCaller() {
        a.domain().events().destroy(1);
        assertThat(alloc(a, DomId.SELF, b.domid())).isEqualTo(-XenErrno.ESRCH);
        int offered = b.domain().events().allocUnbound(a.domid());
        assertThat(bind(a, b.domid(), offered)).isEqualTo(-XenErrno.ESRCH);
    }
}
