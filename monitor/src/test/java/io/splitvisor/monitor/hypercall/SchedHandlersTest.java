// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedHandlersTest {
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long call(long command, long at) {
        return hypervisor.call(guest, Hypercall.SCHED_OP, command, at);
    }

    @ParameterizedTest
    @EnumSource(ShutdownReason.class)
    void shouldPassEveryReasonOn(ShutdownReason reason) {
        SchedShutdown.reason(guest.memory(), 100, reason.code());
        assertThat(call(SchedOp.SHUTDOWN, 100)).isZero();
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown " + reason.code());
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 255, 256, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void shouldLeaveItToTheToolstackWhatAnUnknownReasonMeans(int reason) {
        SchedShutdown.reason(guest.memory(), 100, reason);
        assertThat(call(SchedOp.SHUTDOWN, 100)).isZero();
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown " + reason);
    }

    @ParameterizedTest
    @ValueSource(longs = {RAM - 3, RAM, -1, -4, Long.MAX_VALUE, Long.MAX_VALUE - 3, Long.MIN_VALUE})
    void h2_shouldNotShutDownOverAnArgumentThatLiesOutside(long at) {
        assertThat(call(SchedOp.SHUTDOWN, at)).isEqualTo(-XenErrno.EFAULT);
        assertThat(hypervisor.endings()).isEmpty();
        assertThat(guest.domain().ended()).isFalse();
    }

    @Test
    void shouldCountTheFirstShutdownOnly() {
        SchedShutdown.reason(guest.memory(), 0, ShutdownReason.REBOOT.code());
        call(SchedOp.SHUTDOWN, 0);
        SchedShutdown.reason(guest.memory(), 0, ShutdownReason.CRASH.code());
        assertThat(call(SchedOp.SHUTDOWN, 0)).isZero();
        assertThat(hypervisor.endings()).hasSize(1);
    }

    @Test
    void shouldHaveNothingToDoForYield() {
        assertThat(call(SchedOp.YIELD, -1)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {SchedOp.PIN_OVERRIDE, 8, 100, -1, 1L << 32, Long.MIN_VALUE})
    void h1_shouldRefuseOperationsItDoesNotHave(long command) {
        assertThat(call(command, 0)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(hypervisor.endings()).isEmpty();
    }
}
