// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.SchedWatchdog;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedHandlersTest {
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;

    private static final long SECOND = 1_000_000_000;

    /** What the call returns to a domain that goes on after it was suspended. */
    private static final long RESUMED = 1;

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
        assertThat(call(SchedOp.SHUTDOWN, 100)).isEqualTo(reason == ShutdownReason.SUSPEND ? RESUMED : 0);
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

    @Test
    void shouldLatchTheFirstReasonForAShutdownToCome() {
        SchedShutdown.reason(guest.memory(), 0, ShutdownReason.SUSPEND.code());
        assertThat(call(SchedOp.SHUTDOWN_CODE, 0)).isZero();
        SchedShutdown.reason(guest.memory(), 0, ShutdownReason.REBOOT.code());
        assertThat(call(SchedOp.SHUTDOWN_CODE, 0)).isZero();
        assertThat(hypervisor.endings()).isEmpty();
        call(SchedOp.SHUTDOWN, 0);
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown 2");
    }

    @Test
    void h11_shouldLetPrivilegedDomainsOnlyEndOthers() {
        Guest other = hypervisor.guest();
        SchedRemoteShutdown.domainId(guest.memory(), 0, other.domid());
        SchedRemoteShutdown.reason(guest.memory(), 0, ShutdownReason.REBOOT.code());
        assertThat(call(SchedOp.REMOTE_SHUTDOWN, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(hypervisor.endings()).isEmpty();

        Domain privileged = hypervisor.privileged();
        HypercallContext context = new HypercallContext(privileged, 0);
        MemorySegment memory = privileged.memory().segment();
        SchedRemoteShutdown.domainId(memory, 0, 4711);
        assertThat(hypervisor.table().run(context, Hypercall.SCHED_OP, SchedOp.REMOTE_SHUTDOWN, 0))
                .isEqualTo(-XenErrno.ESRCH);
        SchedRemoteShutdown.domainId(memory, 0, other.domid());
        SchedRemoteShutdown.reason(memory, 0, ShutdownReason.REBOOT.code());
        assertThat(hypervisor.table().run(context, Hypercall.SCHED_OP, SchedOp.REMOTE_SHUTDOWN, 0))
                .isZero();
        assertThat(hypervisor.endings()).containsExactly(other.domid() + " shutdown 1");
    }

    private long watchdog(int id, int seconds) {
        SchedWatchdog.id(guest.memory(), 0, id);
        SchedWatchdog.timeout(guest.memory(), 0, seconds);
        return call(SchedOp.WATCHDOG, 0);
    }

    @Test
    void shouldEndADomainThatDoesNotSetItsWatchdogAgain() {
        assertThat(watchdog(0, 10)).isEqualTo(1);
        hypervisor.time().advance(9 * SECOND);
        assertThat(watchdog(1, 10)).isZero();
        hypervisor.time().advance(9 * SECOND);
        assertThat(hypervisor.endings()).isEmpty();
        hypervisor.time().advance(2 * SECOND);
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown 4");
    }

    @Test
    void shouldHaveTwoWatchdogs() {
        assertThat(watchdog(1, 10)).as("not in use").isEqualTo(-XenErrno.EINVAL);
        assertThat(watchdog(0, 10)).isEqualTo(1);
        assertThat(watchdog(0, -1)).as("136 years").isEqualTo(2);
        assertThat(watchdog(0, 10)).isEqualTo(-XenErrno.ENOSPC);
        for (int id : new int[] {3, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(watchdog(id, 10)).isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(watchdog(1, 0)).isZero();
        assertThat(watchdog(1, 10)).as("given back").isEqualTo(-XenErrno.EINVAL);
        hypervisor.time().advance(3600 * SECOND);
        assertThat(hypervisor.endings()).isEmpty();
        assertThat(watchdog(0, 5)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {SchedOp.PIN_OVERRIDE, 8, 100, -1, 1L << 32, Long.MIN_VALUE})
    void h1_shouldRefuseOperationsItDoesNotHave(long command) {
        assertThat(call(command, 0)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(hypervisor.endings()).isEmpty();
    }
}
