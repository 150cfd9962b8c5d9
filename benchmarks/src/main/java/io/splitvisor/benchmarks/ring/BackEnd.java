// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.ring.BackRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Answers requests until told to stop; the C peer's {@code back_end}, step by step. */
final class BackEnd {
    private final Bells bells;
    private final BackRing ring;
    private final MemorySegment requests;

    BackEnd(MemorySegment memory, Bells bells) {
        this.bells = bells;
        this.ring = BackRing.init(memory, BlkifSlot.BYTES);
        this.requests = Arena.ofAuto().allocate((long) ring.slots() * BlkifSlot.BYTES, Long.BYTES);
    }

    void serve(Mode mode) {
        boolean running = true;
        while (running) {
            running = answer(awaitRequests(mode));
        }
    }

    private boolean answer(int pending) {
        if (pending == BackRing.OVERFLOW) {
            throw new IllegalStateException("request overflow");
        }
        ring.copyRequests(requests, pending);
        for (int i = 0; i < pending; i++) {
            MemorySegment request = requests.asSlice((long) i * BlkifSlot.BYTES, BlkifSlot.BYTES);
            if (BlkifSlot.operation(request) == BlkifSlot.STOP) {
                return false;
            }
            BlkifSlot.writeResponse(ring.claimResponse(), request);
        }
        if (ring.pushResponsesAndCheckNotify()) {
            bells.notifyPeer();
        }
        return true;
    }

    private int awaitRequests(Mode mode) {
        int pending = ring.takeableRequests();
        while (pending == 0) {
            if (mode == Mode.AWAKE) {
                Thread.onSpinWait();
                pending = ring.takeableRequests();
            } else {
                pending = ring.finalCheckForRequests();
                if (pending == 0) {
                    bells.await();
                    pending = ring.takeableRequests();
                }
            }
        }
        return pending;
    }
}
