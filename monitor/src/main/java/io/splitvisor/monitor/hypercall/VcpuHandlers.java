// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.VcpuScheduling;
import io.splitvisor.monitor.time.SystemClock;
import java.lang.foreign.MemorySegment;

/**
 * {@code vcpu_op(cmd, vcpuid, arg)}: one of the caller's own vCPUs. -ENOENT, before anything else, for one that it does not
 * have.
 */
final class VcpuHandlers {
    /** Bytes of a vcpu_guest_context on x86-64. */
    static final int CONTEXT_BYTES = 5168;

    private static final int ARGUMENT_WORD = 2;
    private static final long SHORTEST_PERIOD_NANOS = 1_000_000;
    private static final long LONGEST_PERIOD_NANOS = Long.MAX_VALUE / 2;

    private final SystemClock clock;

    VcpuHandlers(Monitor monitor) {
        this.clock = monitor.clock();
    }

    /** What an operation does with a vCPU of the caller's. */
    @FunctionalInterface
    private interface VcpuOperation {
        long apply(HypercallContext call, VcpuScheduling vcpu);
    }

    void bind(HypercallTable table) {
        bind(table, HypercallOp.VCPUOP_INITIALISE, VcpuHandlers::initialise);
        bind(table, HypercallOp.VCPUOP_UP, (_, vcpu) -> vcpu.up());
        bind(table, HypercallOp.VCPUOP_DOWN, (_, vcpu) -> vcpu.down());
        bind(table, HypercallOp.VCPUOP_IS_UP, (_, vcpu) -> vcpu.isUp() ? 1 : 0);
        bind(table, HypercallOp.VCPUOP_GET_RUNSTATE_INFO, (call, vcpu) -> {
            vcpu.runstates().write(call.argument(), 0, 0);
            return 0;
        });
        bind(
                table,
                HypercallOp.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA,
                (call, vcpu) -> vcpu.runstateArea(VcpuRegisterRunstateMemoryArea.addrV(call.argument(), 0)));
        bind(table, HypercallOp.VCPUOP_SET_PERIODIC_TIMER, VcpuHandlers::setPeriodicTimer);
        bind(table, HypercallOp.VCPUOP_STOP_PERIODIC_TIMER, (_, vcpu) -> {
            vcpu.timers().stopPeriodic();
            return 0;
        });
        bind(table, HypercallOp.VCPUOP_SET_SINGLESHOT_TIMER, this::setSingleshotTimer);
        bind(table, HypercallOp.VCPUOP_STOP_SINGLESHOT_TIMER, VcpuHandlers::stopSingleshotTimer);
        bind(table, HypercallOp.VCPUOP_REGISTER_VCPU_INFO, VcpuHandlers::registerVcpuInfo);
        bind(table, HypercallOp.VCPUOP_SEND_NMI, VcpuHandlers::sendNmi);
        // Only the hardware domain's vCPUs can be pinned to processors.
        bind(table, HypercallOp.VCPUOP_GET_PHYSID, (_, _) -> -XenErrno.EINVAL);
        bind(
                table,
                HypercallOp.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA,
                (call, vcpu) -> vcpu.timeArea(VcpuRegisterTimeMemoryArea.addrV(call.argument(), 0)));
    }

    private static void bind(HypercallTable table, HypercallOp op, VcpuOperation operation) {
        table.bind(op, call -> {
            // An unsigned int in the ABI, of which Xen takes the lower half.
            int id = (int) call.word(1);
            if (id < 0 || id >= call.caller().vcpus()) {
                return -XenErrno.ENOENT;
            }
            return operation.apply(call, call.caller().scheduling(id));
        });
    }

    /** The context has to be there; what a vCPU runs is the affair of the process that the vCPU is in. */
    private static long initialise(HypercallContext call, VcpuScheduling vcpu) {
        if (!call.caller().memory().isAccessible(call.word(ARGUMENT_WORD), CONTEXT_BYTES)) {
            return -XenErrno.EFAULT;
        }
        return vcpu.initialise();
    }

    private static long setPeriodicTimer(HypercallContext call, VcpuScheduling vcpu) {
        long period = VcpuSetPeriodicTimer.periodNs(call.argument(), 0);
        if (period < SHORTEST_PERIOD_NANOS || period > LONGEST_PERIOD_NANOS) {
            return -XenErrno.EINVAL;
        }
        vcpu.timers().setPeriodic(period);
        return 0;
    }

    private long setSingleshotTimer(HypercallContext call, VcpuScheduling vcpu) {
        if (vcpu.id() != call.vcpu()) {
            return -XenErrno.EINVAL;
        }
        MemorySegment argument = call.argument();
        long at = VcpuSetSingleshotTimer.timeoutAbsNs(argument, 0);
        boolean future = (VcpuSetSingleshotTimer.flags(argument, 0) & VcpuSetSingleshotTimer.FUTURE) != 0;
        // Both are unsigned in the ABI, and a negative time is a time long ahead.
        if (future && Long.compareUnsigned(at, clock.now()) < 0) {
            return -XenErrno.ETIME;
        }
        vcpu.timers().setSingleshot(at < 0 ? Long.MAX_VALUE : at);
        return 0;
    }

    private static long stopSingleshotTimer(HypercallContext call, VcpuScheduling vcpu) {
        if (vcpu.id() != call.vcpu()) {
            return -XenErrno.EINVAL;
        }
        vcpu.timers().stopSingleshot();
        return 0;
    }

    private static long registerVcpuInfo(HypercallContext call, VcpuScheduling vcpu) {
        MemorySegment argument = call.argument();
        return vcpu.moveInfo(
                VcpuRegisterVcpuInfo.mfn(argument, 0), VcpuRegisterVcpuInfo.offset(argument, 0), call.vcpu());
    }

    /** Stays pending: a guest takes an NMI by a call-back, which it registers with {@link Hypercall#NMI_OP}. */
    private static long sendNmi(HypercallContext call, VcpuScheduling vcpu) {
        if (call.word(ARGUMENT_WORD) != 0) {
            return -XenErrno.EINVAL;
        }
        vcpu.nmi();
        return 0;
    }
}
