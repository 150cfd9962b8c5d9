// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;

/** Produces requests and checks responses; the C peer's {@code exchange}, step by step. */
final class FrontEnd {
    private final Bells bells;
    private final FrontRing ring;
    private long sent;
    private long received;

    FrontEnd(MemorySegment memory, Bells bells) {
        this.bells = bells;
        this.ring = FrontRing.init(memory, BlkifSlot.BYTES);
    }

    /**
     * Exchanges pairs for a while, at most {@code depth} outstanding. Returns how many. The steps are methods of their
     * own because the compiler makes its best code for what is called often, as a driver's would be, not for a loop that
     * is entered once.
     */
    long exchange(Mode mode, int depth, long end) {
        long first = received;
        long looked = received;
        boolean running = true;
        while (running) {
            produce(depth);
            collect(awaitResponses(mode));
            // Once in 256 responses, as the C peer does.
            if ((received ^ looked) >>> 8 != 0) {
                looked = received;
                running = System.nanoTime() < end;
            }
        }
        while (received < sent) {
            collect(awaitResponses(mode));
        }
        return received - first;
    }

    private void produce(int depth) {
        while (sent - received < depth) {
            BlkifSlot.writeRequest(ring.claimRequest(), sent++, BlkifSlot.READ);
        }
        if (ring.pushRequestsAndCheckNotify()) {
            bells.notifyPeer();
        }
    }

    private void collect(int pending) {
        if (pending == FrontRing.OVERFLOW) {
            throw new IllegalStateException("response overflow");
        }
        for (int i = 0; i < pending; i++) {
            if (!BlkifSlot.isOkayFor(ring.takeResponse(), received++)) {
                throw new IllegalStateException("wrong response to " + (received - 1));
            }
        }
    }

    private int awaitResponses(Mode mode) {
        int pending = ring.takeableResponses();
        while (pending == 0) {
            if (mode == Mode.AWAKE) {
                Thread.onSpinWait();
                pending = ring.takeableResponses();
            } else {
                pending = ring.finalCheckForResponses();
                if (pending == 0) {
                    bells.await();
                    pending = ring.takeableResponses();
                }
            }
        }
        return pending;
    }

    /** Tells the back end that this was all. */
    void stop() {
        BlkifSlot.writeRequest(ring.claimRequest(), sent, BlkifSlot.STOP);
        if (ring.pushRequestsAndCheckNotify()) {
            bells.notifyPeer();
        }
    }
}
