// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** What a consumer finds published is whole: no torn slot, and no slot before its index. */
public final class PublishStress {
    private static final int TORN = -1;
    private static final int SLOT_BYTES = 16;
    private static final long WORD = 0x0123_4567_89AB_CDEFL;

    private PublishStress() {}

    /** A ring of two slots of two words; a whole slot holds a number and its complement. */
    abstract static class TwoSlots {
        final MemorySegment memory = RingMemory.next(2 * SLOT_BYTES);
        final FrontRing front = FrontRing.init(memory, SLOT_BYTES);
        final BackRing back = BackRing.init(memory, SLOT_BYTES);

        final void write(MemorySegment slot, long number) {
            slot.set(ValueLayout.JAVA_LONG, 0, number);
            slot.set(ValueLayout.JAVA_LONG, 8, ~number);
        }

        final boolean holds(MemorySegment slot, long number) {
            return slot.get(ValueLayout.JAVA_LONG, 0) == number && slot.get(ValueLayout.JAVA_LONG, 8) == ~number;
        }

        /** Consumes what is there: how many, or {@link #TORN}. */
        final int consumeRequests(int first) {
            int pending = back.unconsumedRequests();
            for (int i = 0; i < pending; i++) {
                if (!holds(back.takeRequest(), WORD * (first + i))) {
                    return TORN;
                }
            }
            return pending;
        }
    }

    /** Front to back: two requests pushed one by one, two looks. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(
            id = {"0, 1", "0, 2", "1, 0", "1, 1", "2, 0"},
            expect = ACCEPTABLE,
            desc = "whole requests")
    @Outcome(expect = FORBIDDEN, desc = "torn, or counted wrong")
    @State
    public static class Requests extends TwoSlots {
        @Actor
        public void produce() {
            write(front.claimRequest(), WORD);
            front.pushRequests();
            write(front.claimRequest(), WORD * 2);
            front.pushRequestsAndCheckNotify();
        }

        @Actor
        public void consume(II_Result r) {
            r.r1 = consumeRequests(1);
            r.r2 = consumeRequests(1 + Math.max(0, r.r1));
        }
    }

    /** Back to front: two responses, the second by the push that checks for a notification. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(
            id = {"0, 1", "0, 2", "1, 0", "1, 1", "2, 0"},
            expect = ACCEPTABLE,
            desc = "whole responses")
    @Outcome(expect = FORBIDDEN, desc = "torn, or counted wrong")
    @State
    public static class Responses extends TwoSlots {
        public Responses() {
            front.claimRequest();
            front.claimRequest();
            front.pushRequests();
            back.takeRequest();
            back.takeRequest();
        }

        @Actor
        public void produce() {
            write(back.claimResponse(), WORD);
            back.pushResponses();
            write(back.claimResponse(), WORD * 2);
            back.pushResponsesAndCheckNotify();
        }

        @Actor
        public void consume(II_Result r) {
            r.r1 = collect(1);
            r.r2 = collect(1 + Math.max(0, r.r1));
        }

        private int collect(int first) {
            int pending = front.unconsumedResponses();
            for (int i = 0; i < pending; i++) {
                if (!holds(front.takeResponse(), WORD * (first + i))) {
                    return TORN;
                }
            }
            return pending;
        }
    }

    /** The response overwrites its request's slot, and the next request the response's: a slot's whole life. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "too early")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "served, not collected")
    @Outcome(id = "1, 1", expect = ACCEPTABLE_INTERESTING, desc = "there and back")
    @Outcome(id = "1, 2", expect = ACCEPTABLE_INTERESTING, desc = "there and back, and the slot used again")
    @Outcome(expect = FORBIDDEN, desc = "torn")
    @State
    public static class SlotReuse extends TwoSlots {
        @Actor
        public void front(II_Result r) {
            write(front.claimRequest(), WORD);
            front.pushRequests();
            for (int look = 0; look < 20 && r.r1 == 0; look++) {
                r.r1 = front.unconsumedResponses();
            }
            if (r.r1 == 1) {
                r.r1 = holds(front.takeResponse(), -WORD) ? 1 : TORN;
                write(front.claimRequest(), WORD * 2);
                write(front.claimRequest(), WORD * 3);
                front.pushRequests();
            }
        }

        @Actor
        public void back(II_Result r) {
            r.r2 = serve(WORD);
            if (r.r2 == 1 && serve(WORD * 2) != 0) {
                r.r2 = 2;
            }
        }

        private int serve(long expected) {
            int pending = 0;
            for (int look = 0; look < 20 && pending == 0; look++) {
                pending = back.unconsumedRequests();
            }
            if (pending == 0) {
                return 0;
            }
            if (!holds(back.takeRequest(), expected)) {
                throw new IllegalStateException("torn request");
            }
            write(back.claimResponse(), -expected);
            back.pushResponses();
            return 1;
        }
    }
}
