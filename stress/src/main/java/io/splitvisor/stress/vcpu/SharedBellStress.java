// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.vcpu;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.domu.event.SharedBell;
import io.splitvisor.host.EventFd;
import io.splitvisor.ring.Doorbell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ArrayBlockingQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** vCPUs that sleep on one bell, with real descriptors: each of them gets the work that is meant for it. */
public final class SharedBellStress {
    /** Far longer than a wake-up takes; a lost one is seen as a sleep of this length. */
    private static final int LOST_MILLIS = 2_000;

    private static final VarHandle WORK = ValueLayout.JAVA_INT.varHandle();
    private static final int PAGE = 4096;
    private static final int WORK_AT = 64;
    private static final int KEPT = 256;

    /** Bells are used again: each has descriptors. What is left in them is a spurious wake-up for the next state. */
    private static final ArrayBlockingQueue<Bells> POOL = new ArrayBlockingQueue<>(KEPT);

    private SharedBellStress() {}

    /** A guest with two vCPUs: memory, the shared bell, and what Dom0 rings. */
    private static final class Bells {
        private final MemorySegment memory = Arena.ofAuto().allocate(2 * PAGE, 64);
        private final EventFd shared = EventFd.createOneWay();
        private final SharedBell[] vcpus = new SharedBell[2];
        private final Doorbell[] ringers = new Doorbell[2];

        private Bells() {
            for (int i = 0; i < 2; i++) {
                vcpus[i] = new SharedBell(memory, (long) i * PAGE, shared, -1);
                ringers[i] = new Doorbell(memory, (long) i * PAGE, shared);
            }
            vcpus[0].siblings(vcpus);
            vcpus[1].siblings(vcpus);
        }

        private static Bells take() {
            Bells kept = POOL.poll();
            Bells bells = kept == null ? new Bells() : kept;
            for (int i = 0; i < 2; i++) {
                WORK.setVolatile(bells.memory, (long) i * PAGE + WORK_AT, 0);
            }
            return bells;
        }

        private void publish(int vcpu) {
            WORK.setRelease(memory, (long) vcpu * PAGE + WORK_AT, 1);
            ringers[vcpu].ring();
        }

        private boolean hasWork(int vcpu) {
            return (int) WORK.getAcquire(memory, (long) vcpu * PAGE + WORK_AT) != 0;
        }

        /** As an upcall thread does. Whether the work came without a sleep that nobody ended. */
        private boolean awaitWork(int vcpu) {
            long start = System.nanoTime();
            while (!hasWork(vcpu)) {
                vcpus[vcpu].arm();
                if (!hasWork(vcpu)) {
                    vcpus[vcpu].sleep(LOST_MILLIS);
                }
                vcpus[vcpu].disarm();
            }
            return System.nanoTime() - start < LOST_MILLIS * 1_000_000L;
        }
    }

    /** Dom0 rings for both, from two threads. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both had their work")
    @Outcome(
            id = {"false, true", "true, false", "false, false"},
            expect = FORBIDDEN,
            desc = "lost wake-up")
    @State
    public static class TwoRingers {
        private final Bells bells = Bells.take();

        @Actor
        public void ringer() {
            bells.publish(0);
        }

        @Actor
        public void otherRinger() {
            bells.publish(1);
        }

        @Actor
        public void sleeper(ZZ_Result r) {
            r.r1 = bells.awaitWork(0);
        }

        @Actor
        public void otherSleeper(ZZ_Result r) {
            r.r2 = bells.awaitWork(1);
        }

        @Arbiter
        public void after(ZZ_Result r) {
            POOL.offer(bells);
        }
    }

    /** Dom0 rings for one after the other, as its loop does, while a thread of the guest wakes the first. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both had their work")
    @Outcome(
            id = {"false, true", "true, false", "false, false"},
            expect = FORBIDDEN,
            desc = "lost wake-up")
    @State
    public static class OneRingerAndTheGuestItself {
        private final Bells bells = Bells.take();

        @Actor
        public void ringer() {
            bells.publish(0);
            bells.publish(1);
        }

        @Actor
        public void guest() {
            bells.vcpus[0].wake();
        }

        @Actor
        public void sleeper(ZZ_Result r) {
            r.r1 = bells.awaitWork(0);
        }

        @Actor
        public void otherSleeper(ZZ_Result r) {
            r.r2 = bells.awaitWork(1);
        }

        @Arbiter
        public void after(ZZ_Result r) {
            POOL.offer(bells);
        }
    }
}
