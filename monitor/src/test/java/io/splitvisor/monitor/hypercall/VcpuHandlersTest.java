// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.VcpuOp;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;
import io.splitvisor.abi.VcpuTimeInfo;
import io.splitvisor.abi.Virq;
import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.ManualTime;
import io.splitvisor.monitor.time.ThreadTimes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VcpuHandlersTest {
    private static final int VCPUS = 3;
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;
    private static final long MILLI = 1_000_000;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest =
            hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, Hypervisor.GRANT_FRAMES, VCPUS));
    private final MemorySegment memory = guest.memory();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    /** System time when the guest begins. */
    private final long start = hypervisor.monitor().clock().now();

    private long op(int command, long vcpu, long argument) {
        return hypervisor.call(guest, Hypercall.VCPU_OP, command, vcpu, argument);
    }

    private long setTimer(long at) {
        return hypervisor.call(guest, Hypercall.SET_TIMER_OP, at);
    }

    private int bindTimer(int vcpu) {
        int port = guest.domain().events().bindVirq(Virq.TIMER, vcpu);
        assertThat(port).isPositive();
        return port;
    }

    private boolean taken(int port) {
        return SharedInfo.testAndClearPendingVolatile(guest.sharedInfo(), 0, port);
    }

    private void bringUp(int vcpu) {
        assertThat(op(VcpuOp.INITIALISE, vcpu, 0)).isZero();
        assertThat(op(VcpuOp.UP, vcpu, 0)).isZero();
    }

    @Test
    void shouldHaveTheFirstVcpuUpAndTheOthersDown() {
        assertThat(op(VcpuOp.IS_UP, 0, 0)).isEqualTo(1);
        assertThat(op(VcpuOp.IS_UP, 1, 0)).isZero();
        assertThat(op(VcpuOp.UP, 1, 0)).as("not initialised").isEqualTo(-XenErrno.EINVAL);
        bringUp(1);
        assertThat(op(VcpuOp.IS_UP, 1, 0)).isEqualTo(1);
        assertThat(op(VcpuOp.UP, 1, 0)).as("up already").isZero();
        assertThat(op(VcpuOp.INITIALISE, 1, 0)).isEqualTo(-XenErrno.EEXIST);
        assertThat(op(VcpuOp.INITIALISE, 0, 0)).isEqualTo(-XenErrno.EEXIST);
        assertThat(op(VcpuOp.DOWN, 1, 0)).isZero();
        assertThat(op(VcpuOp.DOWN, 1, 0)).as("down already").isZero();
        assertThat(op(VcpuOp.IS_UP, 1, 0)).isZero();
        assertThat(op(VcpuOp.UP, 1, 0)).as("initialised once and for all").isZero();
    }

    @Test
    void shouldPowerOffWhenTheLastVcpuGoesDown() {
        bringUp(2);
        assertThat(op(VcpuOp.DOWN, 0, 0)).isZero();
        assertThat(hypervisor.endings()).isEmpty();
        assertThat(op(VcpuOp.DOWN, 2, 0)).isZero();
        assertThat(hypervisor.endings()).containsExactly(guest.domid() + " shutdown 0");
    }

    @ParameterizedTest
    @ValueSource(longs = {VCPUS, 32, 0xffff_ffffL, -1, 1L << 31, Long.MAX_VALUE})
    void shouldRefuseVcpusItDoesNotHaveBeforeAnythingElse(long vcpu) {
        for (int command = 0; command <= VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA; command++) {
            assertThat(op(command, vcpu, 0)).as(VcpuOp.nameOf(command)).isEqualTo(-XenErrno.ENOENT);
        }
    }

    @Test
    void h2_shouldRefuseArgumentsOutsideRam() {
        int[] commands = {
            VcpuOp.INITIALISE,
            VcpuOp.GET_RUNSTATE_INFO,
            VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA,
            VcpuOp.SET_PERIODIC_TIMER,
            VcpuOp.SET_SINGLESHOT_TIMER,
            VcpuOp.REGISTER_VCPU_INFO,
            VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA
        };
        for (int command : commands) {
            for (long at : new long[] {RAM - 7, RAM, -1, -8, Long.MIN_VALUE, Long.MAX_VALUE - 7}) {
                assertThat(op(command, 0, at))
                        .as("%s at %x", VcpuOp.nameOf(command), at)
                        .isEqualTo(-XenErrno.EFAULT);
            }
        }
    }

    @Test
    void h1_shouldRefuseOperationsItDoesNotHave() {
        for (long command : new long[] {14, 63, 64, -1, 1L << 32}) {
            assertThat(hypervisor.call(guest, Hypercall.VCPU_OP, command, 0, 0)).isEqualTo(-XenErrno.ENOSYS);
        }
    }

    @Test
    void shouldSendTheTimerInterruptAtItsTimeAndOnce() {
        int port = bindTimer(0);
        assertThat(setTimer(start + 5 * MILLI)).isZero();
        hypervisor.time().advance(4 * MILLI);
        assertThat(taken(port)).isFalse();
        hypervisor.time().advance(MILLI);
        assertThat(taken(port)).isTrue();
        hypervisor.time().advance(100 * MILLI);
        assertThat(taken(port)).isFalse();
    }

    @Test
    void shouldHaveOneSingleshotTimerForBothCalls() {
        int port = bindTimer(0);
        setTimer(start + 5 * MILLI);
        VcpuSetSingleshotTimer.timeoutAbsNs(memory, 0, start + 8 * MILLI);
        assertThat(op(VcpuOp.SET_SINGLESHOT_TIMER, 0, 0)).isZero();
        hypervisor.time().advance(7 * MILLI);
        assertThat(taken(port)).isFalse();
        hypervisor.time().advance(MILLI);
        assertThat(taken(port)).isTrue();
        setTimer(start + 10 * MILLI);
        assertThat(op(VcpuOp.STOP_SINGLESHOT_TIMER, 0, 0)).isZero();
        setTimer(start + 11 * MILLI);
        assertThat(setTimer(0)).isZero();
        hypervisor.time().advance(100 * MILLI);
        assertThat(taken(port)).isFalse();
        assertThat(hypervisor.time().set()).isZero();
    }

    @Test
    void shouldAnswerTimesThatHavePassed() {
        int port = bindTimer(0);
        assertThat(setTimer(1)).isZero();
        hypervisor.time().advance(0);
        assertThat(taken(port)).isTrue();

        VcpuSetSingleshotTimer.timeoutAbsNs(memory, 0, start - 1);
        VcpuSetSingleshotTimer.flags(memory, 0, VcpuSetSingleshotTimer.FUTURE);
        assertThat(op(VcpuOp.SET_SINGLESHOT_TIMER, 0, 0)).isEqualTo(-XenErrno.ETIME);
        hypervisor.time().advance(0);
        assertThat(taken(port)).isFalse();
        VcpuSetSingleshotTimer.flags(memory, 0, 0);
        assertThat(op(VcpuOp.SET_SINGLESHOT_TIMER, 0, 0)).isZero();
        hypervisor.time().advance(0);
        assertThat(taken(port)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, ManualTime.START + (1L << 52)})
    void shouldAnswerAbsurdTimesAfterAWhile(long at) {
        int port = bindTimer(0);
        assertThat(setTimer(at)).isZero();
        hypervisor.time().advance(99 * MILLI);
        assertThat(taken(port)).isFalse();
        hypervisor.time().advance(2 * MILLI);
        assertThat(taken(port)).isTrue();
    }

    @Test
    void shouldSetTheSingleshotTimerOfTheCallingVcpuOnly() {
        assertThat(op(VcpuOp.SET_SINGLESHOT_TIMER, 1, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(op(VcpuOp.STOP_SINGLESHOT_TIMER, 1, 0)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldKeepTheBeatOfAPeriodicTimer() {
        int port = bindTimer(1);
        bringUp(1);
        VcpuSetPeriodicTimer.periodNs(memory, 0, 10 * MILLI);
        assertThat(op(VcpuOp.SET_PERIODIC_TIMER, 1, 0)).isZero();
        int beats = 0;
        for (int i = 0; i < 100; i++) {
            hypervisor.time().advance(MILLI);
            beats += taken(port) ? 1 : 0;
        }
        assertThat(beats).isBetween(9, 10);
        assertThat(op(VcpuOp.DOWN, 1, 0)).isZero();
        hypervisor.time().advance(100 * MILLI);
        assertThat(taken(port)).as("a vCPU that is down has no beat").isFalse();
        assertThat(op(VcpuOp.UP, 1, 0)).isZero();
        hypervisor.time().advance(11 * MILLI);
        assertThat(taken(port)).isTrue();
        assertThat(op(VcpuOp.STOP_PERIODIC_TIMER, 1, 0)).isZero();
        hypervisor.time().advance(100 * MILLI);
        assertThat(taken(port)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, MILLI - 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE / 2 + 1})
    void shouldRefusePeriodsThatAreTooShortOrTooLong(long period) {
        VcpuSetPeriodicTimer.periodNs(memory, 0, period);
        assertThat(op(VcpuOp.SET_PERIODIC_TIMER, 0, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(hypervisor.time().set()).isZero();
    }

    @Test
    void shouldTellWhatAVcpuDidWithItsTime() {
        hypervisor.time().advance(30 * MILLI);
        bringUp(1);
        hypervisor.time().advance(20 * MILLI);
        assertThat(op(VcpuOp.GET_RUNSTATE_INFO, 1, 0)).isZero();
        assertThat(VcpuRunstateInfo.state(memory, 0)).isEqualTo(Runstate.RUNNING);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.OFFLINE)).isBetween(30 * MILLI, 31 * MILLI);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.RUNNING)).isBetween(20 * MILLI, 21 * MILLI);

        // It sleeps by itself, as its control page says.
        long control = DomainLayout.bytes(guest.domain().memory().layout().vcpuControl(1));
        long now = hypervisor.monitor().clock().now();
        memory.set(ValueLayout.JAVA_LONG, control + DomainLayout.VCPU_ASLEEP_SINCE, now);
        hypervisor.time().advance(7 * MILLI);
        op(VcpuOp.GET_RUNSTATE_INFO, 1, 0);
        assertThat(VcpuRunstateInfo.state(memory, 0)).isEqualTo(Runstate.BLOCKED);
        assertThat(VcpuRunstateInfo.stateEntryTime(memory, 0)).isEqualTo(now);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.BLOCKED)).isBetween(7 * MILLI, 8 * MILLI);
    }

    @Test
    void shouldTellHowLongAVcpuWaitedForAProcessor() {
        long control = DomainLayout.bytes(guest.domain().memory().layout().vcpuControl(0));
        memory.set(ValueLayout.JAVA_INT, control + DomainLayout.VCPU_THREAD, 77);
        ThreadTimes[] says = {new ThreadTimes(0, 0)};
        int[] asked = {0};
        guest.domain().threadTimes(thread -> {
            asked[0]++;
            assertThat(thread).isEqualTo(77);
            return Optional.of(says[0]);
        });
        hypervisor.time().advance(20 * MILLI);
        op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.RUNNABLE)).isZero();
        long running = VcpuRunstateInfo.time(memory, 0, Runstate.RUNNING);
        long blocked = VcpuRunstateInfo.time(memory, 0, Runstate.BLOCKED);

        // Of 100 ms it slept 60 by its own account; it ran for 30, and waited for 10 while it was awake and for 5 after
        // sleep.
        hypervisor.time().advance(100 * MILLI);
        memory.set(ValueLayout.JAVA_LONG, control + DomainLayout.VCPU_SLEPT, 60 * MILLI);
        says[0] = new ThreadTimes(30 * MILLI, 15 * MILLI);
        op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.RUNNABLE)).isEqualTo(15 * MILLI);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.RUNNING) - running).isBetween(30 * MILLI, 31 * MILLI);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.BLOCKED) - blocked).isBetween(55 * MILLI, 56 * MILLI);
        assertThat(asked[0]).isEqualTo(2);

        // Not asked again so soon, and a thread that has gone changes nothing.
        op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
        assertThat(asked[0]).isEqualTo(2);
        guest.domain().threadTimes(_ -> Optional.empty());
        hypervisor.time().advance(100 * MILLI);
        op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
        assertThat(VcpuRunstateInfo.time(memory, 0, Runstate.RUNNABLE)).isEqualTo(15 * MILLI);
    }

    @Test
    void shouldCountEveryNanosecondOnceWhateverAGuestSaysAboutItsSleep() {
        long control = DomainLayout.bytes(guest.domain().memory().layout().vcpuControl(0));
        op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
        long before = VcpuRunstateInfo.time(memory, 0, Runstate.RUNNING);
        long begun = hypervisor.monitor().clock().now();
        Random random = new Random(7);
        long[] last = new long[4];
        guest.domain().threadTimes(_ -> Optional.of(new ThreadTimes(odd(random), odd(random))));
        for (int i = 0; i < 1000; i++) {
            memory.set(ValueLayout.JAVA_LONG, control + DomainLayout.VCPU_ASLEEP_SINCE, odd(random));
            memory.set(ValueLayout.JAVA_LONG, control + DomainLayout.VCPU_SLEPT, odd(random));
            memory.set(ValueLayout.JAVA_INT, control + DomainLayout.VCPU_THREAD, (int) odd(random));
            hypervisor.time().advance(random.nextInt(10) == 0 ? 11 * MILLI : random.nextInt(1000));
            op(VcpuOp.GET_RUNSTATE_INFO, 0, 0);
            long sum = 0;
            for (int state = 0; state < 4; state++) {
                long time = VcpuRunstateInfo.time(memory, 0, state);
                assertThat(time).isGreaterThanOrEqualTo(last[state]);
                last[state] = time;
                sum += time;
            }
            long passed = hypervisor.monitor().clock().now() - begun;
            assertThat(sum - before).isBetween(passed - 100, passed + 100);
        }
    }

    private long odd(Random random) {
        return random.nextBoolean() ? random.nextLong() : start + random.nextInt(1_000_000);
    }

    @Test
    void shouldKeepACopyOfTheRunstate() {
        bringUp(1);
        long area = 3 * DomainLayout.PAGE_SIZE + 8;
        VcpuRegisterRunstateMemoryArea.addrV(memory, 0, area);
        assertThat(op(VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA, 1, 0)).isZero();
        assertThat(VcpuRunstateInfo.state(memory, area)).isEqualTo(Runstate.RUNNING);
        op(VcpuOp.DOWN, 1, 0);
        assertThat(VcpuRunstateInfo.state(memory, area)).isEqualTo(Runstate.OFFLINE);
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, VmAssist.TYPE_RUNSTATE_UPDATE_FLAG))
                .isZero();
        op(VcpuOp.UP, 1, 0);
        assertThat(VcpuRunstateInfo.state(memory, area)).isEqualTo(Runstate.RUNNING);
        assertThat(VcpuRunstateInfo.stateEntryTime(memory, area))
                .as("the mark is gone")
                .isPositive();

        VcpuRegisterRunstateMemoryArea.addrV(memory, 0, RAM - 8);
        assertThat(op(VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA, 1, 0)).isEqualTo(-XenErrno.EFAULT);
        VcpuRegisterRunstateMemoryArea.addrV(memory, 0, 4);
        assertThat(op(VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA, 1, 0)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldKeepACopyOfTheClock() {
        long area = 3 * DomainLayout.PAGE_SIZE + 64;
        VcpuRegisterTimeMemoryArea.addrV(memory, 0, area);
        assertThat(op(VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA, 0, 0)).isZero();
        // A clock that is right is not written.
        hypervisor.time().rate(3.1);
        hypervisor.time().advance(1000 * MILLI);
        hypervisor.monitor().clock().tick();
        MemorySegment first = guest.sharedInfo().asSlice(SharedInfo.vcpuInfo(0, 0) + VcpuInfo.TIME, VcpuTimeInfo.SIZE);
        assertThat(VcpuTimeInfo.systemTime(memory, area))
                .isEqualTo(VcpuTimeInfo.systemTime(first, 0))
                .isGreaterThan(start + 999 * MILLI);
        assertThat(VcpuTimeInfo.tscToSystemMul(memory, area)).isEqualTo(VcpuTimeInfo.tscToSystemMul(first, 0));
        assertThat(VcpuTimeInfo.versionAcquire(memory, area) & 1).isZero();

        VcpuRegisterTimeMemoryArea.addrV(memory, 0, RAM - 24);
        assertThat(op(VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA, 0, 0)).isEqualTo(-XenErrno.EFAULT);
        VcpuRegisterTimeMemoryArea.addrV(memory, 0, 12);
        assertThat(op(VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA, 0, 0)).isEqualTo(-XenErrno.EINVAL);
    }

    private long moveInfo(int vcpu, long frame, int offset) {
        VcpuRegisterVcpuInfo.mfn(memory, 0, frame);
        VcpuRegisterVcpuInfo.offset(memory, 0, offset);
        return op(VcpuOp.REGISTER_VCPU_INFO, vcpu, 0);
    }

    @Test
    void shouldMoveAVcpuInfoWithWhatIsPendingInIt() {
        int port = bindTimer(0);
        long old = SharedInfo.vcpuInfo(0, 0);
        guest.domain().events().raiseVirq(0, Virq.TIMER);
        int offset = DomainLayout.PAGE_SIZE - VcpuInfo.SIZE;
        long moved = 5L * DomainLayout.PAGE_SIZE + offset;
        assertThat(moveInfo(0, 5, offset)).isZero();
        assertThat(VcpuInfo.isUpcallPendingAcquire(memory, moved)).isTrue();
        assertThat(VcpuInfo.pendingSelAcquire(memory, moved)).isEqualTo(-1);
        assertThat(VcpuTimeInfo.systemTime(memory, VcpuInfo.time(moved))).isPositive();
        assertThat(moveInfo(0, 6, 0)).as("once only").isEqualTo(-XenErrno.EINVAL);

        // Events and the clock come to the new place, and to it alone.
        VcpuInfo.clearUpcallPendingVolatile(memory, moved);
        VcpuInfo.takePendingSelVolatile(memory, moved);
        VcpuInfo.clearUpcallPendingVolatile(guest.sharedInfo(), old);
        taken(port);
        guest.domain().events().raiseVirq(0, Virq.TIMER);
        assertThat(VcpuInfo.isUpcallPendingAcquire(memory, moved)).isTrue();
        assertThat(VcpuInfo.pendingSelAcquire(memory, moved)).isEqualTo(1L << port / Long.SIZE);
        assertThat(VcpuInfo.isUpcallPendingAcquire(guest.sharedInfo(), old)).isFalse();
        long before = VcpuTimeInfo.systemTime(memory, VcpuInfo.time(moved));
        // A clock that is right is not written.
        hypervisor.time().rate(3.1);
        hypervisor.time().advance(1000 * MILLI);
        hypervisor.monitor().clock().tick();
        assertThat(VcpuTimeInfo.systemTime(memory, VcpuInfo.time(moved))).isGreaterThan(before);
    }

    @Test
    void shouldRefuseImpossiblePlacesForAVcpuInfo() {
        int last = DomainLayout.PAGE_SIZE - VcpuInfo.SIZE;
        for (int offset : new int[] {last + 8, DomainLayout.PAGE_SIZE, -8, 4, 1, Integer.MIN_VALUE}) {
            assertThat(moveInfo(0, 5, offset)).as("offset %d", offset).isEqualTo(-XenErrno.EINVAL);
        }
        long sharedInfo = guest.domain().memory().layout().sharedInfo();
        for (long frame : new long[] {Hypervisor.RAM_PAGES, sharedInfo, -1, Long.MIN_VALUE, 1L << 52}) {
            assertThat(moveInfo(0, frame, 0)).as("frame %d", frame).isEqualTo(-XenErrno.EINVAL);
        }
        bringUp(1);
        assertThat(moveInfo(1, 5, 0)).as("another one that is up").isEqualTo(-XenErrno.EINVAL);
        assertThat(moveInfo(2, 5, 0)).as("another one that is down").isZero();
        assertThat(moveInfo(0, 5, 64)).isZero();
    }

    @Test
    void shouldKeepAnNmiPending() {
        assertThat(op(VcpuOp.SEND_NMI, 1, 8)).as("an argument").isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.domain().scheduling(1).isNmiPending()).isFalse();
        assertThat(op(VcpuOp.SEND_NMI, 1, 0)).isZero();
        assertThat(op(VcpuOp.SEND_NMI, 1, 0)).isZero();
        assertThat(guest.domain().scheduling(1).isNmiPending()).isTrue();
    }

    @Test
    void shouldHaveNoPhysicalProcessors() {
        assertThat(op(VcpuOp.GET_PHYSID, 0, 0)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldKnowOneAssistanceOnly() {
        for (long type : new long[] {0, 1, 2, 3, 4, 6, 32, -1, Long.MIN_VALUE}) {
            assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, type))
                    .isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, 2, 5)).isEqualTo(-XenErrno.ENOSYS);
    }
}
