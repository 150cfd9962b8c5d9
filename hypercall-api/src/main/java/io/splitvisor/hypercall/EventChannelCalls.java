// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;

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
        EvtchnSend.port(batch.memory(), batch.nextArgument(), port);
        return batch.addWithArgument(HypercallOp.EVTCHNOP_SEND);
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
}
