// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/**
 * Requests and responses over a Xen ring, in batches of random size, answered in random order, with a random patience
 * before each sleep: from none to longer than a round trip.
 */
final class RingSoak {
    /** A request's number holds the index of its entry in the front end's table in the low byte. */
    private static final int INDEX_BITS = 8;

    private static final long STOP = -1L << INDEX_BITS;

    private RingSoak() {}

    /** Waits a random while, then sleeps. */
    private static void idle(Link link, SplittableRandom random, IntSupplier finalCheck) {
        for (int spins = random.nextInt(4) == 0 ? random.nextInt(2000) : random.nextInt(3); spins > 0; spins--) {
            Thread.onSpinWait();
        }
        link.sleepUnless(finalCheck);
    }

    /** Produces requests until the deadline, and checks every response. Returns how many. */
    static final class Front {
        private final Link link;
        private final FrontRing ring;
        private final SplittableRandom random;
        private final long[] outstanding;
        private final int[] free;
        private int freeCount;
        private long requests;

        Front(Link link, long seed) {
            this.link = link;
            this.ring = FrontRing.attach(link.ring(), Link.SLOT_BYTES, 0, 0);
            this.random = new SplittableRandom(seed);
            this.outstanding = new long[ring.slots()];
            this.free = new int[ring.slots()];
            while (freeCount < free.length) {
                free[freeCount] = freeCount++;
            }
        }

        long run(long nanos) {
            long end = System.nanoTime() + nanos;
            while (System.nanoTime() < end) {
                produce(1 + random.nextInt(ring.slots()));
                collect();
                boolean waiting = freeCount < free.length;
                if (waiting && (ring.isFull() || random.nextInt(4) == 0)) {
                    idle(link, random, ring::finalCheckForResponses);
                    collect();
                }
            }
            while (freeCount < free.length) {
                link.sleepUnless(ring::finalCheckForResponses);
                collect();
            }
            Payload.write(ring.claimRequest(), 0, STOP, Payload.REQUEST_WORDS);
            link.tell(ring.pushRequestsAndCheckNotify());
            return requests;
        }

        private void produce(int wanted) {
            int count = Math.min(wanted, ring.freeRequests());
            for (int i = 0; i < count; i++) {
                int index = free[--freeCount];
                outstanding[index] = ++requests << INDEX_BITS | index;
                Payload.write(ring.claimRequest(), 0, outstanding[index], Payload.REQUEST_WORDS);
            }
            link.tell(ring.pushRequestsAndCheckNotify());
        }

        private void collect() {
            if (ring.responseOverflow()) {
                throw new AssertionError("response overflow");
            }
            for (int pending = ring.unconsumedResponses(); pending > 0; pending--) {
                long number = Payload.read(ring.takeResponse(), 0, Payload.RESPONSE_WORDS);
                int index = (int) (number & (1 << INDEX_BITS) - 1);
                if (outstanding[index] != number) {
                    throw new AssertionError("response to " + number + " while waiting for " + outstanding[index]);
                }
                outstanding[index] = 0;
                free[freeCount++] = index;
            }
        }
    }

    /** Answers requests until told to stop. Returns how many. */
    static final class Back {
        private final Link link;
        private final BackRing ring;
        private final SplittableRandom random;
        private final MemorySegment copy = Arena.ofAuto().allocate(Link.SLOT_BYTES, 8);
        private final long[] taken;
        private int takenCount;
        private long requests;
        private boolean stopped;

        Back(Link link, long seed) {
            this.link = link;
            this.ring = BackRing.init(link.ring(), Link.SLOT_BYTES);
            this.random = new SplittableRandom(seed);
            this.taken = new long[ring.slots()];
        }

        long run() {
            while (!stopped) {
                if (ring.requestOverflow()) {
                    throw new AssertionError("request overflow");
                }
                take();
                answer();
                if (takenCount == 0 && !stopped && ring.unconsumedRequests() == 0) {
                    idle(link, random, ring::finalCheckForRequests);
                }
            }
            return requests;
        }

        private void take() {
            int pending = ring.unconsumedRequests();
            for (int count = pending == 0 ? 0 : 1 + random.nextInt(pending); count > 0; count--) {
                ring.copyRequest(copy);
                long number = Payload.read(copy, 0, Payload.REQUEST_WORDS);
                if (number == STOP) {
                    stopped = true;
                    return;
                }
                requests++;
                taken[takenCount++] = number;
            }
        }

        private void answer() {
            for (int count = random.nextInt(takenCount + 1); count > 0; count--) {
                int chosen = random.nextInt(takenCount);
                Payload.write(ring.claimResponse(), 0, taken[chosen], Payload.RESPONSE_WORDS);
                taken[chosen] = taken[--takenCount];
            }
            link.tell(ring.pushResponsesAndCheckNotify());
        }
    }
}
