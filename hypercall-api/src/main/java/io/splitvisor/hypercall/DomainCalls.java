// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedRemoteShutdown;
import io.splitvisor.abi.XenHvmParam;

/**
 * The small hypercalls of a domain, in a batch: {@code multicall}, {@code console_io}, {@code vm_assist}, {@code hvm_op},
 * {@code dm_op}, and what guests are refused. Each method adds a call and answers its index.
 */
public final class DomainCalls {
    private final HypercallBatch batch;

    DomainCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /**
     * {@code multicall}: each result goes into its entry; the call's result is 0, or an error that concerns the list.
     *
     * @param list guest-physical address of {@link io.splitvisor.abi.MulticallEntry}s
     */
    public int multicall(long list, int calls) {
        return word(HypercallOp.MULTICALL, list, calls, 0);
    }

    /** {@code CONSOLEIO_write}: text in guest memory, ASCII, for the monitor's log. A line ends with a line feed. */
    public int consoleWrite(long text, int bytes) {
        return batch.add(HypercallOp.CONSOLEIO_WRITE, bytes, text, 0);
    }

    /** {@code CONSOLEIO_read}: refused to guests. */
    public int consoleRead(long buffer, int bytes) {
        return batch.add(HypercallOp.CONSOLEIO_READ, bytes, buffer, 0);
    }

    /** {@code HVMOP_set_param}: an {@link io.splitvisor.abi.HvmParam} of this domain. */
    public int setParam(int param, long value) {
        hvmParam(param, value);
        return batch.addWithArgument(HypercallOp.HVMOP_SET_PARAM);
    }

    /** {@code HVMOP_get_param}: {@link #param} has the answer. */
    public int getParam(int param) {
        hvmParam(param, 0);
        return batch.addWithArgument(HypercallOp.HVMOP_GET_PARAM);
    }

    /** The value that a completed {@link #getParam} tells. */
    public long param(int index) {
        return XenHvmParam.value(batch.memory(), batch.answer(index));
    }

    private void hvmParam(int param, long value) {
        long at = batch.nextArgument();
        XenHvmParam.domid(batch.memory(), at, DomId.SELF);
        XenHvmParam.index(batch.memory(), at, param);
        XenHvmParam.value(batch.memory(), at, value);
    }

    /** {@code vm_assist}: switches a service, an {@link io.splitvisor.abi.VmAssist} type, on or off. */
    public int vmAssist(int type, boolean on) {
        return batch.add(on ? HypercallOp.VMASST_CMD_ENABLE : HypercallOp.VMASST_CMD_DISABLE, type, 0, 0);
    }

    /** {@code VCPUOP_send_nmi}. */
    public int sendNmi(int vcpu) {
        return batch.add(HypercallOp.VCPUOP_SEND_NMI, vcpu, 0, 0);
    }

    /** {@code VCPUOP_get_physid}: refused, because vCPUs are not pinned. */
    public int physicalId(int vcpu) {
        batch.nextArgument();
        return batch.add(HypercallOp.VCPUOP_GET_PHYSID, vcpu, batch.argument(batch.size()), 0);
    }

    /** {@code SCHEDOP_remote_shutdown}: refused to guests. */
    public int remoteShutdown(int domid, int reason) {
        long at = batch.nextArgument();
        SchedRemoteShutdown.domainId(batch.memory(), at, domid);
        SchedRemoteShutdown.reason(batch.memory(), at, reason);
        return batch.addWithArgument(HypercallOp.SCHEDOP_REMOTE_SHUTDOWN);
    }

    /** {@code GNTTABOP_transfer}: not supported. The elements lie at a guest-physical address. */
    public int grantTransfer(long elements, int count) {
        return batch.add(HypercallOp.GNTTABOP_TRANSFER, elements, count, 0);
    }

    /** {@code GNTTABOP_cache_flush}, for elements at a guest-physical address. */
    public int grantCacheFlush(long elements, int count) {
        return batch.add(HypercallOp.GNTTABOP_CACHE_FLUSH, elements, count, 0);
    }

    /** {@code dm_op}: refused to guests. */
    public int dmOp(int domid, int buffers, long list) {
        return word(HypercallOp.DM_OP, domid, buffers, list);
    }

    /** A hypercall without a command: its words are the first ones. */
    private int word(HypercallOp op, long first, long second, long third) {
        assert op.command() == HypercallOp.NO_COMMAND : Hypercall.nameOf(op.number());
        return batch.add(op.number(), first, second, third, 0, 0, 0);
    }
}
