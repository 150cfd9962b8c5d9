// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The same exchange on nothing but a ring: requests copied out, ids and statuses checked, both ends awake. */
final class RawEcho implements AutoCloseable {
    private static final int SLOT = Echo.PROTOCOL.slotSize();

    private final MemorySegment memory = Arena.ofAuto().allocate(4096, 4096);
    private final FrontRing front = FrontRing.init(memory, SLOT);
    private final BackRing back = BackRing.init(memory, SLOT);
    private final MemorySegment requests = Arena.ofAuto().allocate((long) back.slots() * SLOT, 8);
    private volatile boolean closed;
    private long sent;
    private long received;

    RawEcho() {
        Thread.ofPlatform().daemon().name("raw back end").start(() -> {
            while (!closed) {
                answer();
            }
        });
    }

    private void answer() {
        int pending = back.takeableRequests();
        if (pending <= 0) {
            Thread.onSpinWait();
            return;
        }
        back.copyRequests(requests, pending);
        for (int i = 0; i < pending; i++) {
            MemorySegment request = requests.asSlice((long) i * SLOT, SLOT);
            MemorySegment response = back.claimResponse();
            Echo.RESPONSE_ID.set(response, 0, Echo.ID.get(request, 0));
            Echo.SAME_NUMBER.set(response, 0, Echo.NUMBER.get(request, 0));
            Echo.STATUS.set(response, 0, 0);
        }
        back.pushResponsesAndCheckNotify();
    }

    /** Exchanges pairs until a time, so many at once; nanoseconds for each. */
    double exchange(int depth, long nanos) {
        long begin = System.nanoTime();
        long first = received;
        long now = begin;
        while (now - begin < nanos) {
            for (int i = 0; i < 64; i++) {
                produce(depth);
                collect();
            }
            now = System.nanoTime();
        }
        double cost = (double) (now - begin) / (received - first);
        while (received < sent) {
            collect();
        }
        return cost;
    }

    private void produce(int depth) {
        boolean some = false;
        while (sent - received < depth) {
            MemorySegment request = front.claimRequest();
            Echo.ID.set(request, 0, sent);
            Echo.NUMBER.set(request, 0, (int) sent);
            Echo.FLAGS.set(request, 0, 0);
            sent++;
            some = true;
        }
        if (some) {
            front.pushRequestsAndCheckNotify();
        }
    }

    private void collect() {
        int pending = front.takeableResponses();
        while (pending == 0) {
            Thread.onSpinWait();
            pending = front.takeableResponses();
        }
        for (int i = 0; i < pending; i++) {
            MemorySegment response = front.takeResponse();
            boolean right = Echo.RESPONSE_ID.get(response, 0) == received
                    && Echo.SAME_NUMBER.get(response, 0) == (int) received
                    && Echo.STATUS.get(response, 0) == 0;
            if (!right) {
                throw new IllegalStateException("a wrong response to " + received);
            }
            received++;
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
