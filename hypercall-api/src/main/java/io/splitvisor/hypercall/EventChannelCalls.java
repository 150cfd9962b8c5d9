// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnBindIpi;
import io.splitvisor.abi.evtchn.EvtchnBindPirq;
import io.splitvisor.abi.evtchn.EvtchnBindVcpu;
import io.splitvisor.abi.evtchn.EvtchnBindVirq;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnExpandArray;
import io.splitvisor.abi.evtchn.EvtchnInitControl;
import io.splitvisor.abi.evtchn.EvtchnReset;
import io.splitvisor.abi.evtchn.EvtchnSetPriority;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.attach.CallMarker;

/** {@code event_channel_op} in a batch. Each method adds a call and answers its index. */
public final class EventChannelCalls {
    private final HypercallBatch batch;

    EventChannelCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code EVTCHNOP_alloc_unbound}: {@link #allocatedPort} has the answer. */
    public int allocUnbound(int remoteDomid) {
        long at = batch.nextArgument();
        EvtchnAllocUnbound.dom(batch.memory(), at, DomId.SELF);
        EvtchnAllocUnbound.remoteDom(batch.memory(), at, remoteDomid);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_ALLOC_UNBOUND);
    }

    /** The port of a completed {@link #allocUnbound}. */
    public int allocatedPort(int index) {
        return EvtchnAllocUnbound.port(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_bind_interdomain}: {@link #boundPort} has the answer. */
    public int bindInterdomain(int remoteDomid, int remotePort) {
        long at = batch.nextArgument();
        EvtchnBindInterdomain.remoteDom(batch.memory(), at, remoteDomid);
        EvtchnBindInterdomain.remotePort(batch.memory(), at, remotePort);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_BIND_INTERDOMAIN);
    }

    /** The local port of a completed {@link #bindInterdomain}. */
    public int boundPort(int index) {
        return EvtchnBindInterdomain.localPort(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_close}. */
    public int close(int port) {
        EvtchnClose.port(batch.memory(), batch.nextArgument(), port);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_CLOSE);
    }

    /** {@code EVTCHNOP_send}. */
    public int send(int port) {
        return batch.add(HypercallOp.EVTCHNOP_SEND, CallMarker.IN_CALL, port, 0);
    }

    /** {@code EVTCHNOP_unmask}. */
    public int unmask(int port) {
        EvtchnUnmask.port(batch.memory(), batch.nextArgument(), port);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_UNMASK);
    }

    /** {@code EVTCHNOP_status}: {@link #portStatus} has the answer. */
    public int status(int port) {
        long at = batch.nextArgument();
        EvtchnStatus.dom(batch.memory(), at, DomId.SELF);
        EvtchnStatus.port(batch.memory(), at, port);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_STATUS);
    }

    /** The {@link io.splitvisor.abi.evtchn.EventChannelStatus} of a completed {@link #status}. */
    public int portStatus(int index) {
        return EvtchnStatus.status(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_bind_virq}: {@link #virqPort} has the answer. */
    public int bindVirq(int virq, int vcpu) {
        long at = batch.nextArgument();
        EvtchnBindVirq.virq(batch.memory(), at, virq);
        EvtchnBindVirq.vcpu(batch.memory(), at, vcpu);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_BIND_VIRQ);
    }

    /** The port of a completed {@link #bindVirq}. */
    public int virqPort(int index) {
        return EvtchnBindVirq.port(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_bind_pirq}: refused, because there are no physical interrupts. */
    public int bindPirq(int pirq, int flags) {
        long at = batch.nextArgument();
        EvtchnBindPirq.pirq(batch.memory(), at, pirq);
        EvtchnBindPirq.flags(batch.memory(), at, flags);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_BIND_PIRQ);
    }

    /** {@code EVTCHNOP_bind_ipi}: {@link #ipiPort} has the answer. */
    public int bindIpi(int vcpu) {
        EvtchnBindIpi.vcpu(batch.memory(), batch.nextArgument(), vcpu);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_BIND_IPI);
    }

    /** The port of a completed {@link #bindIpi}. */
    public int ipiPort(int index) {
        return EvtchnBindIpi.port(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_bind_vcpu}. */
    public int bindVcpu(int port, int vcpu) {
        long at = batch.nextArgument();
        EvtchnBindVcpu.port(batch.memory(), at, port);
        EvtchnBindVcpu.vcpu(batch.memory(), at, vcpu);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_BIND_VCPU);
    }

    /** {@code EVTCHNOP_reset} of this domain. */
    public int reset() {
        EvtchnReset.dom(batch.memory(), batch.nextArgument(), DomId.SELF);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_RESET);
    }

    /** {@code EVTCHNOP_init_control}: the control block lies in a guest frame, at a multiple of 8. */
    public int initControl(int vcpu, long frame, int offset) {
        long at = batch.nextArgument();
        EvtchnInitControl.vcpu(batch.memory(), at, vcpu);
        EvtchnInitControl.controlGfn(batch.memory(), at, frame);
        EvtchnInitControl.offset(batch.memory(), at, offset);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_INIT_CONTROL);
    }

    /** The bits of a link, from a completed {@link #initControl}. */
    public int linkBits(int index) {
        return EvtchnInitControl.linkBits(batch.memory(), batch.answer(index));
    }

    /** {@code EVTCHNOP_expand_array} by a guest frame. */
    public int expandArray(long frame) {
        EvtchnExpandArray.arrayGfn(batch.memory(), batch.nextArgument(), frame);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_EXPAND_ARRAY);
    }

    /** {@code EVTCHNOP_set_priority}: 0 is the highest, 15 the lowest. */
    public int setPriority(int port, int priority) {
        long at = batch.nextArgument();
        EvtchnSetPriority.port(batch.memory(), at, port);
        EvtchnSetPriority.priority(batch.memory(), at, priority);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_SET_PRIORITY);
    }
}
