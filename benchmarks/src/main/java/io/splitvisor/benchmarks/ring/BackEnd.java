// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.ring.BackRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Answers requests until told to stop; the C peer's {@code back_end}, step by step. */
final class BackEnd {
    private final MemorySegment memory;
    private final Bells bells;
    private final BackRing ring;
    private final MemorySegment request = Arena.ofAuto().allocate(BlkifSlot.BYTES, Long.BYTES);

    BackEnd(MemorySegment memory, Bells bells) {
        this.memory = memory;
        this.bells = bells;
        this.ring = BackRing.init(memory, BlkifSlot.BYTES);
    }

    void serve(Mode mode) {
        boolean running = true;
        while (running) {
            running = answer(awaitRequests(mode));
        }
    }

    private boolean answer(int pending) {
        if (ring.requestOverflow()) {
            throw new IllegalStateException("request overflow");
        }
        for (int i = 0; i < pending; i++) {
            ring.copyRequest(request);
            if (BlkifSlot.operation(request) == BlkifSlot.STOP) {
                return false;
            }
            BlkifSlot.writeResponse(memory, ring.claimResponse(), request);
        }
        if (ring.pushResponsesAndCheckNotify()) {
            bells.notifyPeer();
        }
        return true;
    }

    private int awaitRequests(Mode mode) {
        int pending = ring.unconsumedRequests();
        while (pending == 0) {
            if (mode == Mode.AWAKE) {
                Thread.onSpinWait();
                pending = ring.unconsumedRequests();
            } else {
                pending = ring.finalCheckForRequests();
                if (pending == 0) {
                    bells.await();
                    pending = ring.unconsumedRequests();
                }
            }
        }
        return pending;
    }
}
