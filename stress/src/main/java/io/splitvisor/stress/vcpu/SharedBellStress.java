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
import java.util.concurrent.atomic.AtomicInteger;
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
    private static final int MOST = 64;

    /**
     * Bells are used again, and there are few, for each has descriptors: states without one are not tried. What is left in
     * them is a spurious wake-up for the next state.
     */
    private static final ArrayBlockingQueue<Bells> POOL = new ArrayBlockingQueue<>(MOST);

    private static final AtomicInteger MADE = new AtomicInteger();

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
            Bells bells = POOL.poll();
            if (bells == null) {
                if (MADE.getAndIncrement() >= MOST) {
                    return null;
                }
                bells = new Bells();
            }
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

    /** Each is rung for by the other, and then waits. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both had their work")
    @Outcome(
            id = {"false, true", "true, false", "false, false"},
            expect = FORBIDDEN,
            desc = "lost wake-up")
    @State
    public static class RingAndSleep {
        private final Bells bells = Bells.take();

        @Actor
        public void one(ZZ_Result r) {
            if (bells != null) {
                bells.publish(1);
            }
            r.r1 = bells == null || bells.awaitWork(0);
        }

        @Actor
        public void other(ZZ_Result r) {
            if (bells != null) {
                bells.publish(0);
            }
            r.r2 = bells == null || bells.awaitWork(1);
        }

        @Arbiter
        public void after(ZZ_Result r) {
            if (bells != null) {
                POOL.add(bells);
            }
        }
    }

    /** One sleeps until the other, who wakes from a sleep itself, rings for it. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both had their work")
    @Outcome(
            id = {"false, true", "true, false", "false, false"},
            expect = FORBIDDEN,
            desc = "lost wake-up")
    @State
    public static class WakeAndRing {
        private final Bells bells = Bells.take();

        @Actor
        public void first(ZZ_Result r) {
            if (bells != null) {
                bells.publish(1);
                bells.vcpus[1].wake();
            }
            r.r1 = bells == null || bells.awaitWork(0);
        }

        @Actor
        public void second(ZZ_Result r) {
            r.r2 = bells == null || bells.awaitWork(1);
            if (bells != null) {
                bells.publish(0);
            }
        }

        @Arbiter
        public void after(ZZ_Result r) {
            if (bells != null) {
                POOL.add(bells);
            }
        }
    }
}
