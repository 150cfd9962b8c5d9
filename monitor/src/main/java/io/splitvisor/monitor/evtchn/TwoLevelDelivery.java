// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.monitor.Vcpu;
import java.lang.foreign.MemorySegment;

/**
 * Delivers events by the two-level ABI: a pending bit for the port, a selector bit for its word, the vCPU's upcall flag
 * ({@code evtchn_2l_set_pending}). Each step is taken only by whoever changed the one before, so that a port that is
 * pending already costs one atomic operation, and an awake guest no system call. No lock.
 *
 * <p>A port beyond this ABI may come along, because a sender has looked it up while the domain still used the other one: it
 * is closed meanwhile, and its events are dropped.
 */
public final class TwoLevelDelivery implements EventDelivery {
    /** Ports of this ABI. */
    public static final int PORTS = SharedInfo.EVTCHN_CHANNELS;

    private final MemorySegment sharedInfo;
    private final Vcpu[] vcpus;

    /**
     * @param sharedInfo the domain's shared_info page
     * @param vcpus its vCPUs
     */
    public TwoLevelDelivery(MemorySegment sharedInfo, Vcpu... vcpus) {
        this.sharedInfo = sharedInfo;
        this.vcpus = vcpus.clone();
    }

    @Override
    public void raise(Port port) {
        int number = port.number();
        if (number < PORTS
                && !SharedInfo.testAndSetPendingVolatile(sharedInfo, 0, number)
                && !SharedInfo.isMaskedAcquire(sharedInfo, 0, number)) {
            select(port);
        }
    }

    @Override
    public void unmask(Port port) {
        int number = port.number();
        if (number < PORTS
                && SharedInfo.testAndClearMaskVolatile(sharedInfo, 0, number)
                && SharedInfo.isPendingAcquire(sharedInfo, 0, number)) {
            select(port);
        }
    }

    @Override
    public void clear(Port port) {
        if (port.number() < PORTS) {
            SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port.number());
        }
    }

    @Override
    public boolean isPending(Port port) {
        return port.number() < PORTS && SharedInfo.isPendingAcquire(sharedInfo, 0, port.number());
    }

    private void select(Port port) {
        Vcpu vcpu = vcpus[port.vcpu()];
        Vcpu.Info info = vcpu.info();
        if (!VcpuInfo.testAndSetPendingSelVolatile(info.memory(), info.at(), SharedInfo.wordOf(port.number()))) {
            vcpu.upcall();
        }
    }
}
