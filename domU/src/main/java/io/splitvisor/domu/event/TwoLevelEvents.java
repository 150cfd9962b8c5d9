// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import java.lang.foreign.MemorySegment;

/** The two-level ABI: a pending and a mask bit for each port in shared_info, and a selector of their words for each vCPU. */
final class TwoLevelEvents implements EventAbi {
    private final MemorySegment sharedInfo;
    private final EventChannels events;

    TwoLevelEvents(MemorySegment sharedInfo, EventChannels events) {
        this.sharedInfo = sharedInfo;
        this.events = events;
        for (int word = 0; word < SharedInfo.EVTCHN_WORDS; word++) {
            SharedInfo.maskWordRelease(sharedInfo, 0, word, -1L);
        }
    }

    @Override
    public int ports() {
        return SharedInfo.EVTCHN_CHANNELS;
    }

    @Override
    public void prepare(int port) {
        // shared_info has place for all of them.
    }

    @Override
    public void mask(int port) {
        SharedInfo.testAndSetMaskVolatile(sharedInfo, 0, port);
    }

    @Override
    public void unmask(int port) {
        if (!SharedInfo.testAndClearMaskVolatile(sharedInfo, 0, port)
                || !SharedInfo.isPendingAcquire(sharedInfo, 0, port)) {
            return;
        }
        // What the monitor would do for EVTCHNOP_unmask; this domain's own page needs no hypercall.
        Vcpu vcpu = events.takerOf(port);
        if (!VcpuInfo.testAndSetPendingSelVolatile(sharedInfo, vcpu.info(), SharedInfo.wordOf(port))
                && !VcpuInfo.testAndSetUpcallPendingVolatile(sharedInfo, vcpu.info())) {
            vcpu.wake();
        }
    }

    @Override
    public boolean isPending(int port) {
        return SharedInfo.isPendingAcquire(sharedInfo, 0, port);
    }

    @Override
    public boolean takePending(int port) {
        return SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port);
    }

    @Override
    public boolean isUnfinished(int vcpu) {
        return false;
    }

    /**
     * Each step clears before it looks: the flag before the selector, the selector before the words, a port's bit before its
     * handler. The monitor sets them in the opposite order, so whatever comes meanwhile is seen now or raises the flag again.
     */
    @Override
    public void deliver(Vcpu vcpu, EventChannels called) {
        long words = VcpuInfo.takePendingSelVolatile(sharedInfo, vcpu.info());
        while (words != 0) {
            int word = Long.numberOfTrailingZeros(words);
            words &= words - 1;
            long ports = SharedInfo.activeWordVolatile(sharedInfo, 0, word);
            while (ports != 0) {
                int port = word * Long.SIZE + Long.numberOfTrailingZeros(ports);
                ports &= ports - 1;
                called.call(port, vcpu);
            }
        }
    }
}
