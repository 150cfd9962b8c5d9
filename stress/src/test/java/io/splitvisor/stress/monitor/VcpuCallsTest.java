// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuTimeInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.VcpuCalls.RunstateInfo;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code vcpu_op}, timers and {@code sched_op} as a guest's library asks for them, over the real monitor. */
class VcpuCallsTest {
    private static final long XEN_4_17 = 4 << 16 | 17;
    private static final long MILLI = 1_000_000;

    private final RealGuest real = new RealGuest(3, "");
    private final HypercallBatch batch = real.guest.newBatch(8);

    @AfterEach
    void close() throws InterruptedException {
        real.close();
    }

    private long address() {
        return GuestMemory.address(real.guest.memory().allocate());
    }

    @Test
    void shouldBringVcpusUpAndTakeThemDown() throws InterruptedException {
        assertThat(real.guest.isVcpuUp(0)).isTrue();
        assertThat(real.guest.hypercalls().vcpuIsUp(1)).isZero();
        CountDownLatch ran = new CountDownLatch(1);
        Thread thread = real.guest.startVcpu(1, ran::countDown);
        assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(thread.getName()).isEqualTo("vcpu1-main");
        assertThat(real.guest.isVcpuUp(1)).isTrue();
        assertThat(real.guest.hypercalls(1).xenVersion()).isEqualTo((int) XEN_4_17);
        assertThatThrownBy(() -> real.guest.startVcpu(1, () -> {})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> real.guest.stopVcpu(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> real.guest.hypercalls(3)).isInstanceOf(IndexOutOfBoundsException.class);

        real.guest.stopVcpu(1);
        assertThat(real.guest.hypercalls().vcpuIsUp(1)).isZero();
        RunstateInfo down = real.guest.hypercalls().vcpuRunstate(1);
        assertThat(down.state()).isEqualTo(Runstate.OFFLINE);
        assertThat(down.offline()).isPositive();
        assertThat(real.guest.hypercalls().vcpuRunstate(3)).isNull();
        assertThat(real.guest.hypercalls(1).xenVersion()).as("up again").isEqualTo((int) XEN_4_17);
    }

    @Test
    void shouldPollUntilTheTimeIsOverWhatFollowsWaits() {
        int port = real.guest.hypercalls().evtchnAllocUnbound(0);
        long ports = address();
        real.domain.memory().segment().set(ValueLayout.JAVA_INT, ports, port);
        long until = real.guest.clock().nanos() + 20 * MILLI;
        batch.sched().poll(ports, 1, until);
        batch.version().version();
        batch.run();
        assertThat(real.guest.clock().nanos()).isGreaterThanOrEqualTo(until);
        assertThat(batch.result(0)).isZero();
        assertThat(batch.result(1)).isEqualTo(XEN_4_17);
        batch.clear();

        real.domain.memory().segment().set(ValueLayout.JAVA_INT, ports, port + 999);
        batch.sched().poll(ports, 1, 0);
        batch.sched().poll(ports, 129, 0);
        batch.sched().poll(-8, 1, 0);
        batch.run();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(batch.result(1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(batch.result(2)).isEqualTo(-XenErrno.EFAULT);
    }

    @Test
    void shouldPollUntilAnEventComesWhoeverSendsIt() throws InterruptedException {
        int port = real.guest.hypercalls().evtchnAllocUnbound(0);
        int remote = real.connect(port);
        real.guest.events().mask(port);
        real.guest.events().takePending(port);
        long ports = address();
        real.domain.memory().segment().set(ValueLayout.JAVA_INT, ports, port);
        for (int round = 0; round < 200; round++) {
            batch.sched().poll(ports, 1, 0);
            batch.submit();
            Thread sender = Thread.ofPlatform().start(() -> real.dom0().send(remote));
            batch.await();
            sender.join();
            assertThat(batch.result(0)).isZero();
            batch.clear();
            real.guest.events().takePending(port);
        }
    }

    @Test
    void shouldSetTimersOfEveryKind() throws InterruptedException {
        CountDownLatch beats = new CountDownLatch(5);
        int port = real.guest.events().bindVirq(Virq.TIMER, 0, beats::countDown);
        batch.vcpu().setSingleshotTimer(0, 1, true);
        batch.vcpu().setSingleshotTimer(1, 1, false);
        batch.vcpu().setPeriodicTimer(0, MILLI - 1);
        batch.vcpu().setSingleshotTimer(0, Long.MAX_VALUE, true);
        batch.vcpu().stopSingleshotTimer(0);
        batch.vcpu().setPeriodicTimer(0, 2 * MILLI);
        batch.run();
        assertThat(batch.result(0)).isEqualTo(-XenErrno.ETIME);
        assertThat(batch.result(1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(batch.result(2)).isEqualTo(-XenErrno.EINVAL);
        assertThat(batch.result(3)).isZero();
        assertThat(batch.result(4)).isZero();
        assertThat(batch.result(5)).isZero();
        assertThat(beats.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(real.guest.hypercalls().vcpuStopPeriodicTimer(0)).isZero();
        real.guest.events().close(port);
    }

    @Test
    void shouldKeepCopiesOfClockAndRunstate() {
        long time = address();
        long runstate = address();
        batch.vcpu().registerTimeArea(0, time);
        batch.vcpu().registerRunstateArea(1, runstate);
        batch.vcpu().registerRunstateArea(1, -8);
        batch.vcpu().registerTimeArea(7, time);
        batch.run();
        assertThat(batch.result(0)).isZero();
        assertThat(batch.result(1)).isZero();
        assertThat(batch.result(2)).isEqualTo(-XenErrno.EFAULT);
        assertThat(batch.result(3)).isEqualTo(-XenErrno.ENOENT);
        assertThat(VcpuTimeInfo.systemTime(real.domain.memory().segment(), time))
                .isPositive();
        assertThat(VcpuRunstateInfo.state(real.domain.memory().segment(), runstate))
                .isEqualTo(Runstate.OFFLINE);
    }

    @Test
    void shouldGuardItselfWithAWatchdogAndLatchAReason() {
        int id = real.guest.hypercalls().schedWatchdog(0, 100);
        assertThat(id).isEqualTo(1);
        assertThat(real.guest.hypercalls().schedWatchdog(id, 100)).isZero();
        assertThat(real.guest.hypercalls().schedWatchdog(id, 0)).isZero();
        assertThat(real.guest.hypercalls().schedWatchdog(id, 100)).isEqualTo(-XenErrno.EINVAL);
        batch.sched().shutdownCode(ShutdownReason.REBOOT.code());
        batch.run();
        assertThat(batch.result(0)).isZero();
        real.guest.shutdown(ShutdownReason.POWEROFF);
        assertThat(real.endings).contains("shutdown " + ShutdownReason.REBOOT.code());
    }
}
