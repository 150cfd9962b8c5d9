// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** PUSH_AND_CHECK_NOTIFY against FINAL_CHECK: either the producer notifies, or the consumer sees the work. */
public final class NotifyStress {
    private static final int SLOT_BYTES = 16;

    private NotifyStress() {}

    /** A ring of four slots on which one request went there and back, so that both event words lie behind. */
    abstract static class UsedRing {
        final MemorySegment memory = RingMemory.next(4 * SLOT_BYTES);
        final FrontRing front = FrontRing.init(memory, SLOT_BYTES);
        final BackRing back = BackRing.init(memory, SLOT_BYTES);

        UsedRing() {
            front.claimRequest();
            front.pushRequests();
            back.takeRequest();
            back.claimResponse();
            back.pushResponses();
            front.takeResponse();
        }
    }

    /** The front end publishes while the back end goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "lost wake-up")
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "notified")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "seen before the event was armed")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "seen by the last look, and notified")
    @State
    public static class Requests extends UsedRing {
        @Actor
        public void front(ZI_Result r) {
            front.claimRequest();
            r.r1 = front.pushRequestsAndCheckNotify();
        }

        @Actor
        public void back(ZI_Result r) {
            r.r2 = back.finalCheckForRequests();
        }
    }

    /** Two pushes of one and two requests: no push in between may hide the event. */
    @JCStressTest
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "lost wake-up")
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "notified")
    @Outcome(
            id = {"false, 1", "false, 3", "true, 1", "true, 3"},
            expect = ACCEPTABLE,
            desc = "seen")
    @Outcome(expect = FORBIDDEN, desc = "counted wrong")
    @State
    public static class TwoPushes extends UsedRing {
        @Actor
        public void front(ZI_Result r) {
            front.claimRequest();
            boolean first = front.pushRequestsAndCheckNotify();
            front.claimRequest();
            front.claimRequest();
            r.r1 = front.pushRequestsAndCheckNotify() || first;
        }

        @Actor
        public void back(ZI_Result r) {
            r.r2 = back.finalCheckForRequests();
        }
    }

    /** The back end answers while the front end goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "lost wake-up")
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "notified")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "seen before the event was armed")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "seen by the last look, and notified")
    @State
    public static class Responses extends UsedRing {
        public Responses() {
            front.claimRequest();
            front.pushRequests();
            back.takeRequest();
        }

        @Actor
        public void back(ZI_Result r) {
            back.claimResponse();
            r.r1 = back.pushResponsesAndCheckNotify();
        }

        @Actor
        public void front(ZI_Result r) {
            r.r2 = front.finalCheckForResponses();
        }
    }
}
