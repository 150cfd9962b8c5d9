// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.Vcpu;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.trace.TraceSink;
import java.lang.invoke.VarHandle;

/**
 * How events reach a guest: by the two-level ABI at first, and by the FIFO ABI once the guest has asked for it.
 *
 * <p>A sender looks its port up without a lock, so it may arrive while the domain is on its way out: the gate drops what
 * comes after {@link #close}, and keeps memory and bell in place for what came before.
 */
public final class GuestDelivery implements EventDelivery {
    private final GuestMemory memory;
    private final Vcpu[] vcpus;
    private final TwoLevelDelivery twoLevel;
    private final Gate gate = new Gate();
    private volatile EventDelivery abi;
    private volatile TraceSink trace;

    /**
     * @param memory the domain's memory
     * @param vcpus its vCPUs
     */
    public GuestDelivery(GuestMemory memory, Vcpu... vcpus) {
        this.memory = memory;
        this.vcpus = vcpus.clone();
        this.twoLevel = new TwoLevelDelivery(memory.page(memory.layout().sharedInfo()), vcpus);
        this.abi = twoLevel;
    }

    /** Lets somebody hear of the events that are raised; null for nobody. */
    public void trace(TraceSink sink) {
        trace = sink;
    }

    /** Events raised so far, those on masked or pending ports too. */
    public long raised() {
        return gate.counted();
    }

    @Override
    public void raise(Port port) {
        if (gate.enterCounted()) {
            try {
                EventDelivery used = abi;
                used.raise(port);
                // The guest changes the ABI just now: whoever carries pending events over may have missed this one.
                EventDelivery now = abi;
                if (now != used) {
                    now.raise(port);
                }
                for (Vcpu vcpu : vcpus) {
                    vcpu.portRaised();
                }
            } finally {
                gate.leave();
            }
        }
        // Whoever waits for the event has it already.
        TraceSink tracing = trace;
        if (tracing != null) {
            tracing.event(port.number());
        }
    }

    @Override
    public void unmask(Port port) {
        if (gate.enter()) {
            try {
                abi.unmask(port);
            } finally {
                gate.leave();
            }
        }
    }

    @Override
    public void clear(Port port) {
        if (gate.enter()) {
            try {
                abi.clear(port);
            } finally {
                gate.leave();
            }
        }
    }

    @Override
    public boolean isPending(Port port) {
        if (!gate.enter()) {
            return false;
        }
        try {
            return abi.isPending(port);
        } finally {
            gate.leave();
        }
    }

    @Override
    public boolean isBusy(Port port) {
        if (!gate.enter()) {
            return false;
        }
        try {
            return abi.isBusy(port);
        } finally {
            gate.leave();
        }
    }

    /** Port numbers are below this, by the ABI that the guest uses. */
    int ports() {
        return abi == twoLevel ? TwoLevelDelivery.PORTS : FifoDelivery.PORTS;
    }

    /**
     * {@code EVTCHNOP_init_control}, with the lock of all event channels. With the first control block the ABI changes, and
     * what is pending goes along.
     *
     * @param vcpu one that the domain has
     * @param frame the guest's number of the frame, any 64 bits
     * @param offset checked
     */
    int initControl(int vcpu, long frame, int offset, Ports ports) {
        if (abi instanceof FifoDelivery fifo) {
            return fifo.mapControlBlock(vcpu, frame, offset);
        }
        FifoDelivery fresh = new FifoDelivery(memory, vcpus);
        int result = fresh.mapControlBlock(vcpu, frame, offset);
        if (result == 0) {
            abi = fresh;
            // A sender sets the old pending bit, then looks at the ABI once more: one of the two sees the other.
            VarHandle.fullFence();
            carryOver(fresh, ports);
        }
        return result;
    }

    private void carryOver(FifoDelivery fifo, Ports ports) {
        int end = Math.min(ports.valid(), TwoLevelDelivery.PORTS);
        for (int number = 1; number < end; number++) {
            Port port = ports.find(number);
            if (twoLevel.isPending(port)) {
                // There are no event words yet: it is kept as if it were raised now.
                fifo.raise(port);
            }
        }
    }

    /** {@code EVTCHNOP_expand_array}, with the lock of all event channels. */
    int expandArray(long frame, Ports ports) {
        return abi instanceof FifoDelivery fifo ? fifo.expandArray(frame, ports) : -XenErrno.EOPNOTSUPP;
    }

    /** {@code EVTCHNOP_set_priority} of an open port. */
    int setPriority(Port port, int priority) {
        if (!(abi instanceof FifoDelivery)) {
            return -XenErrno.ENOSYS;
        }
        if (port.state() instanceof PortState.Closed) {
            return -XenErrno.EACCES;
        }
        if (!FifoDelivery.isPriority(priority)) {
            return -XenErrno.EINVAL;
        }
        port.priority(priority);
        return 0;
    }

    /** Back to the two-level ABI, with all ports closed and the lock of all event channels. */
    void reset() {
        if (abi instanceof FifoDelivery fifo) {
            abi = twoLevel;
            fifo.close();
        }
    }

    /**
     * From now on events are dropped; when this returns, nobody touches the domain's pages or bell any more. Idempotent.
     */
    public void close() {
        gate.shut();
        if (abi instanceof FifoDelivery fifo) {
            fifo.close();
        }
    }
}
