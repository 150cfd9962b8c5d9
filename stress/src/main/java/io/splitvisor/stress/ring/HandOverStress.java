// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Calls that are found in their slots before the index tells of them. */
public final class HandOverStress {
    private static final int TORN = -2;
    private static final long WORD = 0x0123_4567_89AB_CDEFL;

    private HandOverStress() {}

    /** Two calls, each handed over and then published; two looks at slots, then one at the index. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "2, 0"},
            expect = ACCEPTABLE,
            desc = "whole calls, and an index that is one behind at most")
    @Outcome(expect = FORBIDDEN, desc = "torn, or an index that seems to lie")
    @State
    public static class Calls {
        private final MemorySegment memory = RingMemory.next(2 * MulticallEntry.SIZE);
        private final FrontRing front = FrontRing.init(memory, MulticallEntry.SIZE);
        private final BackRing back = BackRing.init(memory, MulticallEntry.SIZE);

        @Actor
        public void guest() {
            for (int call = 1; call <= 2; call++) {
                MemorySegment slot = front.claimRequest();
                MulticallEntry.op(slot, 0, WORD * call);
                MulticallEntry.args(slot, 0, 5, ~WORD * call);
                MulticallEntry.resultRelease(slot, 0, CallMarker.HANDED_OVER);
                front.pushRequests();
            }
        }

        @Actor
        public void dom0(II_Result r) {
            r.r1 = take(1);
            r.r1 += r.r1 == 1 ? take(2) : 0;
            r.r2 = back.takeableRequests();
        }

        private int take(int call) {
            if (MulticallEntry.resultAcquire(back.nextRequest(), 0) != CallMarker.HANDED_OVER) {
                return 0;
            }
            back.requestIsThere();
            MemorySegment slot = back.takeRequest();
            return MulticallEntry.op(slot, 0) == WORD * call && MulticallEntry.args(slot, 0, 5) == ~WORD * call
                    ? 1
                    : TORN;
        }
    }
}
