// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Runstate;
import io.splitvisor.abi.VcpuRegisterRunstateMemoryArea;
import io.splitvisor.abi.VcpuRegisterTimeMemoryArea;
import io.splitvisor.abi.VcpuRegisterVcpuInfo;
import io.splitvisor.abi.VcpuRunstateInfo;
import io.splitvisor.abi.VcpuSetPeriodicTimer;
import io.splitvisor.abi.VcpuSetSingleshotTimer;

/**
 * {@code vcpu_op} and {@code set_timer_op} in a batch. Each method adds a call and answers its index. Times are system times
 * in nanoseconds.
 */
public final class VcpuCalls {
    private final HypercallBatch batch;

    VcpuCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /**
     * What a vCPU does, and did with its time.
     *
     * @param state a {@link Runstate}
     * @param since when that began
     * @param running nanoseconds in that state, as are the others
     */
    public record RunstateInfo(int state, long since, long running, long runnable, long blocked, long offline) {}

    /** {@code set_timer_op}: when VIRQ_TIMER comes to the vCPU in whose ring this is, in place of what was set; 0 for never. */
    public int setTimer(long systemTime) {
        return batch.add(HypercallOp.SET_TIMER.number(), systemTime, 0, 0, 0, 0, 0);
    }

    /**
     * {@code VCPUOP_initialise}.
     *
     * @param context guest-physical address of a vcpu_guest_context, of which nothing is used
     */
    public int initialise(int vcpu, long context) {
        return batch.add(HypercallOp.VCPUOP_INITIALISE, vcpu, context, 0);
    }

    /** {@code VCPUOP_up}. */
    public int up(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_UP, vcpu, 0, 0);
    }

    /** {@code VCPUOP_down}. */
    public int down(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_DOWN, vcpu, 0, 0);
    }

    /** {@code VCPUOP_is_up}: the result is 1 or 0. */
    public int isUp(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_IS_UP, vcpu, 0, 0);
    }

    /** {@code VCPUOP_get_runstate_info}: {@link #runstate} has the answer. */
    public int getRunstateInfo(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_GET_RUNSTATE_INFO, vcpu, batch.nextArgument(), 0);
    }

    /** The answer to a completed {@link #getRunstateInfo}. */
    public RunstateInfo runstate(int index) {
        long at = batch.answer(index);
        return new RunstateInfo(
                VcpuRunstateInfo.state(batch.memory(), at),
                VcpuRunstateInfo.stateEntryTime(batch.memory(), at),
                VcpuRunstateInfo.time(batch.memory(), at, Runstate.RUNNING),
                VcpuRunstateInfo.time(batch.memory(), at, Runstate.RUNNABLE),
                VcpuRunstateInfo.time(batch.memory(), at, Runstate.BLOCKED),
                VcpuRunstateInfo.time(batch.memory(), at, Runstate.OFFLINE));
    }

    /** {@code VCPUOP_register_runstate_memory_area}: a guest-physical address, a multiple of 8. */
    public int registerRunstateArea(int vcpu, long address) {
        long at = batch.nextArgument();
        VcpuRegisterRunstateMemoryArea.addrV(batch.memory(), at, address);
        return batch.add(HypercallOp.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, vcpu, at, 0);
    }

    /** {@code VCPUOP_register_vcpu_time_memory_area}: a guest-physical address, a multiple of 8. */
    public int registerTimeArea(int vcpu, long address) {
        long at = batch.nextArgument();
        VcpuRegisterTimeMemoryArea.addrV(batch.memory(), at, address);
        return batch.add(HypercallOp.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, vcpu, at, 0);
    }

    /** {@code VCPUOP_register_vcpu_info}: to this frame of RAM, at this multiple of 8 in it. */
    public int registerVcpuInfo(int vcpu, long frame, int offset) {
        long at = batch.nextArgument();
        VcpuRegisterVcpuInfo.mfn(batch.memory(), at, frame);
        VcpuRegisterVcpuInfo.offset(batch.memory(), at, offset);
        return batch.add(HypercallOp.VCPUOP_REGISTER_VCPU_INFO, vcpu, at, 0);
    }

    /** {@code VCPUOP_set_periodic_timer}: at least a millisecond. */
    public int setPeriodicTimer(int vcpu, long nanos) {
        long at = batch.nextArgument();
        VcpuSetPeriodicTimer.periodNs(batch.memory(), at, nanos);
        return batch.add(HypercallOp.VCPUOP_SET_PERIODIC_TIMER, vcpu, at, 0);
    }

    /** {@code VCPUOP_stop_periodic_timer}. */
    public int stopPeriodicTimer(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_STOP_PERIODIC_TIMER, vcpu, 0, 0);
    }

    /**
     * {@code VCPUOP_set_singleshot_timer}, for the vCPU in whose ring this is.
     *
     * @param future whether a time that has passed is answered with -ETIME, and not with an event
     */
    public int setSingleshotTimer(int vcpu, long systemTime, boolean future) {
        long at = batch.nextArgument();
        VcpuSetSingleshotTimer.timeoutAbsNs(batch.memory(), at, systemTime);
        VcpuSetSingleshotTimer.flags(batch.memory(), at, future ? VcpuSetSingleshotTimer.FUTURE : 0);
        return batch.add(HypercallOp.VCPUOP_SET_SINGLESHOT_TIMER, vcpu, at, 0);
    }

    /** {@code VCPUOP_stop_singleshot_timer}, for the vCPU in whose ring this is. */
    public int stopSingleshotTimer(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_STOP_SINGLESHOT_TIMER, vcpu, 0, 0);
    }
}
