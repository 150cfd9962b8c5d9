// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.host.EventFd;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Arm and look against publish and ring: either the ringer signals, or the sleeper sees the work. */
public final class DoorbellStress {
    // One for all states: its counter is never looked at, and a descriptor per state would be too many.
    private static final EventFd EVENT = EventFd.create();
    private static final VarHandle WORK = ValueLayout.JAVA_INT.varHandle();

    private DoorbellStress() {}

    /** A doorbell's word, and a word of work beside it, in one cache line. */
    abstract static class Bell {
        final MemorySegment memory = MemorySegment.ofArray(new long[1]);
        final Doorbell bell = new Doorbell(memory, 0, EVENT);

        final void publish() {
            WORK.setRelease(memory, 4L, 1);
        }

        final int look() {
            return (int) WORK.getAcquire(memory, 4L);
        }
    }

    /** The plain case. */
    @JCStressTest
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "lost wake-up")
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "rung")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "seen before the sleep, no call made")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "seen, and rung")
    @State
    public static class Sleep extends Bell {
        @Actor
        public void ringer(ZI_Result r) {
            publish();
            r.r1 = bell.ring();
        }

        @Actor
        public void sleeper(ZI_Result r) {
            bell.arm();
            r.r2 = look();
        }
    }

    /** The sleeper wakes for another reason, goes round, and sleeps again, while the ringer rings once. */
    @JCStressTest
    @Outcome(id = "false, 0", expect = FORBIDDEN, desc = "lost wake-up")
    @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "rung")
    @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "seen while awake")
    @Outcome(id = "true, 1", expect = ACCEPTABLE_INTERESTING, desc = "seen, and rung: a spurious wake-up later")
    @State
    public static class SleepAgain extends Bell {
        public SleepAgain() {
            bell.arm();
        }

        @Actor
        public void ringer(ZI_Result r) {
            publish();
            r.r1 = bell.ring();
        }

        @Actor
        public void sleeper(ZI_Result r) {
            bell.disarm(false);
            int seen = look();
            bell.arm();
            r.r2 = seen | look();
        }
    }

    /** Of two ringers, one makes the call. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true"},
            expect = ACCEPTABLE,
            desc = "one call")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "two calls")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "lost wake-up")
    @State
    public static class TwoRingers extends Bell {
        public TwoRingers() {
            bell.arm();
        }

        @Actor
        public void one(ZZ_Result r) {
            r.r1 = bell.ring();
        }

        @Actor
        public void other(ZZ_Result r) {
            r.r2 = bell.ring();
        }
    }
}
