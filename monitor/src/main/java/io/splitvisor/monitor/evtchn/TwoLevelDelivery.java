// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.monitor.Vcpu;
import java.lang.foreign.MemorySegment;

/**
 * Delivers events by the two-level ABI: a pending bit for the port, a selector bit for its word, the vCPU's upcall flag
 * ({@code evtchn_2l_set_pending}). Each step is taken only by whoever changed the one before, so that a port that is
 * pending already costs one atomic operation, and an awake guest no system call.
 *
 * <p>A sender looks its port up without a lock, so it may arrive while the domain is on its way out: the gate drops what
 * comes after {@link #close}, and keeps memory and bell in place for what came before.
 */
public final class TwoLevelDelivery implements EventDelivery {
    /** Ports of this ABI. */
    public static final int PORTS = SharedInfo.EVTCHN_CHANNELS;

    private final MemorySegment sharedInfo;
    private final Vcpu vcpu;
    private final Gate gate = new Gate();

    /**
     * @param sharedInfo the domain's shared_info page
     * @param vcpu its vCPU 0, which takes all events
     */
    public TwoLevelDelivery(MemorySegment sharedInfo, Vcpu vcpu) {
        this.sharedInfo = sharedInfo;
        this.vcpu = vcpu;
    }

    @Override
    public void raise(int port) {
        if (gate.enter()) {
            try {
                setPending(port);
            } finally {
                gate.leave();
            }
        }
    }

    private void setPending(int port) {
        if (!SharedInfo.testAndSetPendingVolatile(sharedInfo, 0, port)) {
            if (!SharedInfo.isMaskedAcquire(sharedInfo, 0, port)) {
                select(port);
            }
            vcpu.portRaised();
        }
    }

    @Override
    public boolean isPending(int port) {
        return gate.enter() && leave(SharedInfo.isPendingAcquire(sharedInfo, 0, port));
    }

    private boolean leave(boolean answer) {
        gate.leave();
        return answer;
    }

    @Override
    public void unmask(int port) {
        if (gate.enter()) {
            try {
                clearMask(port);
            } finally {
                gate.leave();
            }
        }
    }

    private void clearMask(int port) {
        if (SharedInfo.testAndClearMaskVolatile(sharedInfo, 0, port)
                && SharedInfo.isPendingAcquire(sharedInfo, 0, port)) {
            select(port);
        }
    }

    @Override
    public void clear(int port) {
        if (gate.enter()) {
            try {
                SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port);
            } finally {
                gate.leave();
            }
        }
    }

    /** From now on events are dropped; when this returns, nobody touches the page or the bell any more. Idempotent. */
    public void close() {
        gate.shut();
    }

    private void select(int port) {
        Vcpu.Info info = vcpu.info();
        if (!VcpuInfo.testAndSetPendingSelVolatile(info.memory(), info.at(), SharedInfo.wordOf(port))) {
            vcpu.upcall();
        }
    }
}
